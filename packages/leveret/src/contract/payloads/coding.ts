import { types } from 'node:util'
import { isLater, type MaybePromise, maybePromiseOf, whenReady } from '../../async/maybe-promise.js'
import { isMarked } from '../../errors/marks.js'
import { PayloadError } from '../../errors/payload-error.js'
import { type Codec, codecFor } from './codec.js'
import type { ContentProperties } from './content-types.js'
import type { Schema } from './schema.js'

/** The part of a contract that describes its payload. */
export interface PayloadContract<S extends Schema = Schema> {
  readonly name: string
  readonly payload: S
  readonly codec: Codec
}

/** Encodes a payload with the contract's codec. @throws {@link PayloadError} if the codec cannot encode it */
export function encode({ name, codec }: PayloadContract, payload: unknown): MaybePromise<Buffer> {
  const refuse = refusing('outgoing', name, `cannot be encoded as ${codec.contentType}`)
  return whenReady(
    guarded(refuse, () => codec.encode(payload)),
    (encoded) => bufferOf(encoded, refuse),
  )
}

/**
 * Decodes content with the contract's codec.
 *
 * @throws {@link PayloadError} if the codec does not accept its type, or fails
 */
export function decode(
  { name, codec }: PayloadContract,
  content: Buffer,
  properties: ContentProperties,
): MaybePromise<unknown> {
  const { contentType, contentEncoding } = properties
  const isOwn = (!contentType || contentType === codec.contentType) && !contentEncoding && !codec.contentEncoding
  if (!isOwn && codecFor(codec, properties) === undefined) throw notAccepted(name, codec, properties)
  const refuse = refusing('incoming', name, `is not valid ${contentType || codec.contentType}`)
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

/**
 * Wraps a codec's error. Its message may quote the content, so it stays in the `cause`. A codec that throws `Retry` has
 * refused nothing.
 */
function refusing(direction: 'outgoing' | 'incoming', contract: string, refusal: string): Refuse {
  return (cause) => {
    const retryable = isMarked(cause, 'retry')
    const message = retryable ? 'its codec cannot answer at present' : refusal
    return new PayloadError(direction, contract, [{ path: [], message }], { cause, retryable })
  }
}

/** Calls a codec, and wraps its failure, whether it throws or rejects. */
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

/** Converts the codec's result into a Buffer. The `Uint8Array` may come from another realm, as in Jest. */
function bufferOf(encoded: unknown, refuse: Refuse): Buffer {
  if (Buffer.isBuffer(encoded)) return encoded
  if (types.isUint8Array(encoded)) return Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  throw refuse(new TypeError(`the codec's encode returned a value of type ${typeof encoded}: expected a Uint8Array`))
}
