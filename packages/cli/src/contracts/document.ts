import {
  type Application,
  type Contract,
  type Declaration,
  declarationsOf,
  type Exchange,
  type Procedure,
  type Stream,
  type Subscription,
  type WorkQueue,
} from 'leveret'
import { type ConversionOptions, jsonSchemaOf } from './schema/convert.js'
import type { JsonSchema } from './schema/json-schema.js'

/**
 * The applications and their contracts as data that survives JSON: `contracts json` writes it and `contracts diff`
 * compares it.
 */
export interface ContractsDocument {
  /** The version of this format. */
  readonly leveret: 1
  readonly applications: readonly DescribedApplication[]
  /** The contracts, each once, sorted by kind and name, so that a file of them changes only where they do. */
  readonly contracts: readonly DescribedContract[]
  /** The declarations of all contracts. */
  readonly declarations: readonly Declaration[]
}

/** An application, with its contracts by their keys. */
export interface DescribedApplication {
  readonly name: string
  readonly version: string
  readonly sends: readonly string[]
  readonly works: readonly string[]
  readonly publishes: readonly string[]
  readonly subscribes: readonly string[]
  readonly calls: readonly string[]
  readonly answers: readonly string[]
}

/** The part of a contract that can be written as data. */
export interface DescribedContract {
  /** The key, made of the kind and the name: `work-queue thumbnails`. */
  readonly key: string
  readonly kind: Contract['kind']
  readonly name: string
  readonly version?: string
  /** Whether another program declares it. */
  readonly existing: boolean
  readonly contentType: string
  readonly contentEncoding?: string
  readonly messages: readonly DescribedMessage[]
  /** Type of the exchange. */
  readonly type?: string
  /** The exchange that it subscribes to. */
  readonly of?: string
  readonly bindingKeys?: readonly string[]
  /** The delays of its retries, in milliseconds. */
  readonly delaysMs?: readonly number[]
  readonly deadLetterQueue?: string
}

/** A message of a contract: its only one, that of a template, a request or an answer. */
export interface DescribedMessage {
  /** `payload`, `headers`, `request`, `response`, `error <code>`, or the template of a routing key. */
  readonly part: string
  /** The template of its routing key, if it has one. */
  readonly template?: string
  readonly schema: JsonSchema
}

/**
 * Describes applications with all their contracts. It needs no broker.
 *
 * @throws {@link UnrepresentableError} if a schema has no form in JSON Schema
 */
export function contractsDocument(
  applications: readonly Application[],
  options: ConversionOptions = {},
): ContractsDocument {
  const contracts = new Map(applications.flatMap(contractsOf).map((contract) => [keyOf(contract), contract]))
  const described = [...contracts.values()].map((contract) => describe(contract, options))
  return {
    leveret: 1,
    applications: applications.map(describeApplication),
    contracts: described.sort((one, other) => (one.key < other.key ? -1 : 1)),
    declarations: declarationsOf(applications),
  }
}

/** Returns the key of a contract: its kind and its name. */
export function keyOf({ kind, name }: Contract): string {
  return `${kind} ${name}`
}

/** Returns all contracts of an application, including the exchanges of its subscriptions. */
export function contractsOf(application: Application): readonly Contract[] {
  const { sends, works, publishes, subscribes, calls, answers } = application
  const exchanges = subscribes.flatMap((contract) => (contract.kind === 'exchange' ? [] : [contract.of]))
  return [...new Set<Contract>([...sends, ...works, ...publishes, ...subscribes, ...exchanges, ...calls, ...answers])]
}

function describeApplication({ name, version, ...lists }: Application): DescribedApplication {
  const keys = (contracts: readonly Contract[]): string[] => contracts.map(keyOf)
  return {
    name,
    version,
    sends: keys(lists.sends),
    works: keys(lists.works),
    publishes: keys(lists.publishes),
    subscribes: keys(lists.subscribes),
    calls: keys(lists.calls),
    answers: keys(lists.answers),
  }
}

function describe(contract: Contract, options: ConversionOptions): DescribedContract {
  switch (contract.kind) {
    case 'work-queue':
      return describeQueue(contract, options)
    case 'procedure':
      return describeProcedure(contract, options)
    case 'exchange':
      return describeExchange(contract, options)
    default:
      return describeSubscription(contract)
  }
}

function describeQueue(contract: WorkQueue, options: ConversionOptions): DescribedContract {
  const schema = jsonSchemaOf(contract.payload, contract.codec, keyOf(contract), options)
  return { ...codedBase(contract), ...failures(contract), messages: [{ part: 'payload', schema }] }
}

function describeProcedure(contract: Procedure, options: ConversionOptions): DescribedContract {
  const { requests, responses, errors } = contract
  const convert = (part: string, schema: WorkQueue['payload']): DescribedMessage => ({
    part,
    schema: jsonSchemaOf(schema, requests.codec, `${keyOf(contract)}, ${part}`, options),
  })
  const messages = [
    convert('request', requests.payload),
    convert('response', responses.payload),
    ...Object.entries(errors).map(([code, schema]) => convert(`error ${code}`, schema)),
  ]
  return { ...codedBase({ ...requests, kind: contract.kind }), messages }
}

function describeExchange(contract: Exchange, options: ConversionOptions): DescribedContract {
  const key = keyOf(contract)
  const convert = (part: string, schema: WorkQueue['payload']): DescribedMessage => ({
    part,
    schema: jsonSchemaOf(schema, contract.codec, `${key}, ${part}`, options),
  })
  const messages =
    'templates' in contract
      ? Object.entries(contract.templates).map(([template, schema]) => ({ ...convert(template, schema), template }))
      : [convert('payload', contract.payload), ...('headers' in contract ? [convert('headers', contract.headers)] : [])]
  return { ...codedBase(contract), type: contract.type, messages }
}

/** Describes a subscription or stream. The payloads are those of its exchange. */
function describeSubscription(contract: Subscription | Stream): DescribedContract {
  const { kind, of, bindingKeys } = contract
  const base = codedBase({ ...contract, codec: of.codec, kind })
  return { ...base, ...failures(contract), of: of.name, bindingKeys, messages: [] }
}

interface Coded {
  readonly kind: Contract['kind']
  readonly name: string
  readonly version?: string
  readonly existing: boolean
  readonly codec: WorkQueue['codec']
}

function codedBase({ kind, name, version, existing, codec }: Coded): Omit<DescribedContract, 'messages'> {
  const { contentType, contentEncoding } = codec
  return {
    key: `${kind} ${name}`,
    kind,
    name,
    existing,
    contentType,
    ...(version === undefined ? {} : { version }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
  }
}

function failures({ retry, deadLetter }: WorkQueue | Subscription | Stream): Partial<DescribedContract> {
  return {
    ...(retry !== false && 'delaysMs' in retry ? { delaysMs: retry.delaysMs } : {}),
    ...(deadLetter === false ? {} : { deadLetterQueue: deadLetter.queue }),
  }
}
