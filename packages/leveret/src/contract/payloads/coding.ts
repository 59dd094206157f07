import { types } from 'node:util'
import { isLater, type MaybePromise, maybePromiseOf, whenReady } from '../../async/maybe-promise.js'
import { PayloadError } from '../../errors/payload-error.js'
import { type Codec, codecFor } from './codec.js'
import type { ContentProperties } from './content-types.js'
import type { Schema } from './schema.js'

/** The part of a contract that says what its payload is. */
export interface PayloadContract<S extends Schema = Schema> {
  readonly name: string
  readonly payload: S
  readonly codec: Codec
}

/** Calls a contract's codec. @throws {@link PayloadError} it cannot encode that */
export function encode({ name, codec }: PayloadContract, payload: unknown): MaybePromise<Buffer> {
  const refuse = refusing('outgoing', name, `not encoded as ${codec.contentType}`)
  return whenReady(
    guarded(refuse, () => codec.encode(payload)),
    (encoded) => bufferOf(encoded, refuse),
  )
}

/** Calls a contract's codec. @throws {@link PayloadError} it does not accept what the content says of itself, or cannot decode it */
export function decode(
  { name, codec }: PayloadContract,
  content: Buffer,
  properties: ContentProperties,
): MaybePromise<unknown> {
  const { contentType, contentEncoding } = properties
  const isOwn = (!contentType || contentType === codec.contentType) && !contentEncoding && !codec.contentEncoding
  if (!isOwn && codecFor(codec, properties) === undefined) throw notAccepted(name, codec, properties)
  const refuse = refusing('incoming', name, `not ${contentType || codec.contentType}`)
  return guarded(refuse, () => codec.decode(content, properties))
}

function notAccepted(name: string, codec: Codec, { contentType, contentEncoding }: ContentProperties): PayloadError {
  const isOfType = codecFor(codec, { contentType, contentEncoding: codec.contentEncoding }) !== undefined
  const message = isOfType
    ? `the content encoding ${contentEncoding} is not supported`
    : `expected the content type ${codec.contentType}, not ${contentType}: a codec's \`accepts\` lists others`
  return new PayloadError('incoming', name, [{ path: [], message }])
}

type Refuse = (cause: unknown) => PayloadError

/** The codec's own words may quote the content, so they stay in the cause. */
function refusing(direction: 'outgoing' | 'incoming', contract: string, message: string): Refuse {
  return (cause) => new PayloadError(direction, contract, [{ path: [], message }], { cause })
}

/** Calls a codec, and refuses what it fails with, at once or later. */
function guarded<T>(refuse: Refuse, act: () => T | PromiseLike<T>): MaybePromise<T> {
  try {
    const result = maybePromiseOf(act())
    return isLater(result) ? guardedLate(refuse, result) : result
  } catch (cause) {
    throw refuse(cause)
  }
}

async function guardedLate<T>(refuse: Refuse, result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (cause) {
    throw refuse(cause)
  }
}

/** A `Uint8Array` may be of another realm, as in Jest. */
function bufferOf(encoded: unknown, refuse: Refuse): Buffer {
  if (Buffer.isBuffer(encoded)) return encoded
  if (types.isUint8Array(encoded)) return Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  throw refuse(new TypeError(`the codec's encode returned a value of type ${typeof encoded}: expected a Uint8Array`))
}
