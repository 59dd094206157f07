import { z } from 'zod'
import { givenAs } from '../../errors/given.js'
import { OptionsError } from '../../errors/options-error.js'
import { tableProblem } from '../../message/amqp-table.js'
import { nameProblem, namesProblem, shortString } from '../../message/short-string.js'
import { type Codec, type CodecOption, oneOf } from './codec.js'
import type { Schema } from './schema.js'

/** Checks a schema of a contract, from any library. */
export const schemaOption: z.ZodType<Schema, Schema> = z.custom<Schema>(
  (value) => typeof Object(Object(value)['~standard']).validate === 'function',
  'expected a schema: zod, valibot, arktype or any other Standard Schema',
)

/** Checks the codec of payloads. Of several, the first encodes. */
export const codecOption: z.ZodType<Codec, CodecOption> = z
  .custom<CodecOption>(
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(isCodec) : isCodec(value)),
    'expected a codec: contentType (without a line end or a lone surrogate), encode and decode; or several in an array',
  )
  .transform((codec) => ('encode' in codec ? codec : oneOf(codec)))

function isCodec(value: unknown): value is Codec {
  const { contentType, contentEncoding = '', accepts = [], encode, decode } = Object(value)
  const names: readonly unknown[] = [contentType, contentEncoding, ...(Array.isArray(accepts) ? accepts : [accepts])]
  return names.every(isName) && typeof encode === 'function' && typeof decode === 'function'
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && nameProblem(value) === undefined
}

/** Checks the arguments of a declaration. */
export const argumentsOption = z.record(z.string(), z.unknown()).superRefine((table, context) => {
  const problem = tableProblem(table) ?? namesProblem(table)
  if (problem !== undefined) context.addIssue(problem)
})

/** Checks the version of a contract. */
export const versionOption = shortString('a version').min(1).max(64)

/** Checks whether another program declares what a contract describes. */
export const existingOption = z.boolean().default(false)

/** Kinds of contracts, each with the functions that create it. */
const MAKERS = {
  'work-queue': 'workQueue()',
  exchange: 'fanoutExchange(), directExchange(), topicExchange(), headersExchange() or exchange()',
  procedure: 'procedure()',
  subscription: 'subscription()',
  stream: 'stream()',
} as const

/** A kind of contract. */
export type ContractKind = keyof typeof MAKERS

/** Advice for a value in the wrong place, by its kind. */
const CONTRACT_ADVICE: Readonly<Record<string, string>> = {
  'a connection of leveret': '. The connection comes before it',
  'a function': '. The handler comes after it',
  'a schema': '. A schema is only a part of a contract',
}

/**
 * Checks that a role was given a contract of one of its kinds.
 *
 * @param role - name of the role, for the error
 * @throws {@link OptionsError}
 */
export function checkContract(role: string, contract: unknown, ...kinds: readonly ContractKind[]): void {
  const given: unknown = Object(contract).kind
  if (kinds.some((kind) => given === kind)) return
  const what = givenAs(contract)
  throw new OptionsError(
    `${role}: the contract is ${what}: expected one made by ${makersOf(kinds)}${CONTRACT_ADVICE[what] ?? ''}`,
  )
}

/** Names the functions that create contracts of these kinds, for an error. */
export function makersOf(kinds: readonly ContractKind[]): string {
  return kinds.map((kind) => MAKERS[kind]).join(' or ')
}
