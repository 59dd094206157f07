import { types } from 'node:util'
import { isLater, type MaybePromise, whenReady } from '../../async/maybe-promise.js'
import type { Issue } from '../../errors/issue.js'
import { PayloadError } from '../../errors/payload-error.js'
import { decode, type PayloadContract } from './coding.js'
import { validate } from './schema.js'

/** A payload that has been encoded, to be proven. */
export interface Carried {
  readonly contract: PayloadContract
  /** The value that was encoded. */
  readonly outgoing: unknown
  /** The value that the validation returned for it. */
  readonly checked: unknown
  readonly content: Buffer
}

const WAY_OUT =
  'describe the value on the wire (z.iso.datetime() for a Date, z.array() for a Set, text for a bigint, or a z.codec()), or give the contract a codec that can carry it'

/**
 * Decodes encoded content, and checks it as a receiver will.
 *
 * @throws {@link PayloadError} if the receiver would refuse it, or get another value than the sender meant
 */
export function checkProof(carried: Carried): MaybePromise<void> {
  const { contract, content } = carried
  const { contentType, contentEncoding } = contract.codec
  return refusedBefore(carried, () =>
    whenReady(decode(contract, content, { contentType, contentEncoding }), (decoded) =>
      whenReady(validate(contract, decoded, 'outgoing'), (received) => compare(carried, received)),
    ),
  )
}

/**
 * Compares the received value with the sent one. It does so only if the schema returned its input unchanged: such a
 * schema transforms nothing, so a receiver must get the same value.
 */
function compare({ contract, outgoing, checked }: Carried, received: unknown): void {
  const path = changeOf(checked, outgoing) === undefined ? changeOf(outgoing, received) : undefined
  if (path === undefined) return
  throw refusal(contract, [{ path, message: `a receiver would get a different value than was sent: ${WAY_OUT}` }])
}

function refusedBefore({ contract }: Carried, act: () => MaybePromise<void>): MaybePromise<void> {
  try {
    const result = act()
    return isLater(result) ? result.catch((error: unknown) => Promise.reject(explained(contract, error))) : result
  } catch (error) {
    throw explained(contract, error)
  }
}

/** Explains a refusal to the sender. A schema that failed by itself has refused nothing. */
function explained(contract: PayloadContract, error: unknown): unknown {
  if (!(error instanceof PayloadError) || error.retryable || error.issues.some(isExplained)) return error
  const issues = error.issues.map(({ path, message }) => ({
    path,
    message: `a receiver would refuse this value after ${contract.codec.contentType} has carried it (${message}): ${WAY_OUT}`,
  }))
  return refusal(contract, issues, error)
}

function isExplained({ message }: Issue): boolean {
  return message.endsWith(WAY_OUT)
}

function refusal({ name }: PayloadContract, issues: readonly Issue[], cause?: unknown): PayloadError {
  return new PayloadError('outgoing', name, issues, { cause })
}

type Path = readonly (string | number)[]

/** Finds a difference; `undefined` also for values that are nested deeper than the stack allows recursion. */
function changeOf(one: unknown, other: unknown): Path | undefined {
  try {
    return differenceOf(one, other, [])
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * Path of the first difference between two values as data; `undefined` if there is none. A property that is `undefined`
 * counts as missing.
 */
function differenceOf(one: unknown, other: unknown, path: Path): Path | undefined {
  if (one === other || (Number.isNaN(one) && Number.isNaN(other))) return undefined
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return path
  if (types.isUint8Array(one)) return types.isUint8Array(other) && Buffer.compare(one, other) === 0 ? undefined : path
  if (Array.isArray(one)) return Array.isArray(other) ? differenceOfArrays(one, other, path) : path
  const kind = kindOf(one)
  if (kind !== kindOf(other)) return path
  if (kind === 'Object') return differenceOfTables(one as Table, other as Table, path)
  return kind === 'Date' && Number(one) === Number(other) ? undefined : path
}

type Table = Readonly<Record<string, unknown>>

function differenceOfArrays(one: readonly unknown[], other: readonly unknown[], path: Path): Path | undefined {
  if (one.length !== other.length) return path
  for (const [index, value] of one.entries()) {
    const difference = differenceOf(value, other[index], [...path, index])
    if (difference !== undefined) return difference
  }
  return undefined
}

function differenceOfTables(one: Table, other: Table, path: Path): Path | undefined {
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const difference = differenceOf(one[key], other[key], [...path, key])
    if (difference !== undefined) return difference
  }
  return undefined
}

/** Returns the built-in kind of a value, such as `Map` or `Date`; `Object` for an instance of any other class. */
function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}
