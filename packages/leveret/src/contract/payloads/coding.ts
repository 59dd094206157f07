import { types } from 'node:util'
import { isThenable, type MaybePromise } from '../../async/maybe-promise.js'
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
export function encode(contract: PayloadContract, payload: unknown): MaybePromise<Buffer> {
  let encoded: unknown
  try {
    encoded = contract.codec.encode(payload)
  } catch (cause) {
    throw notEncoded(contract, cause)
  }
  if (encoded instanceof Buffer) return encoded
  return isThenable(encoded) ? encodedLate(contract, encoded) : bufferOf(contract, encoded)
}

async function encodedLate(contract: PayloadContract, encoding: PromiseLike<unknown>): Promise<Buffer> {
  let encoded: unknown
  try {
    encoded = await encoding
  } catch (cause) {
    throw notEncoded(contract, cause)
  }
  return bufferOf(contract, encoded)
}

/**
 * Decodes content with the contract's codec.
 *
 * @throws {@link PayloadError} if the codec does not accept its type, or fails
 */
export function decode(
  contract: PayloadContract,
  content: Buffer,
  properties: ContentProperties,
): MaybePromise<unknown> {
  const { codec } = contract
  const { contentType, contentEncoding } = properties
  const isOwn = (!contentType || contentType === codec.contentType) && !contentEncoding && !codec.contentEncoding
  if (!isOwn && codecFor(codec, properties) === undefined) throw notAccepted(contract, properties)
  try {
    const decoded = codec.decode(content, properties)
    return isThenable(decoded) ? decodedLate(contract, decoded, properties) : decoded
  } catch (cause) {
    throw notDecoded(contract, properties, cause)
  }
}

async function decodedLate(
  contract: PayloadContract,
  decoding: PromiseLike<unknown>,
  properties: ContentProperties,
): Promise<unknown> {
  try {
    return await decoding
  } catch (cause) {
    throw notDecoded(contract, properties, cause)
  }
}

function notAccepted(
  { name, codec }: PayloadContract,
  { contentType, contentEncoding }: ContentProperties,
): PayloadError {
  const isOfType = codecFor(codec, { contentType, contentEncoding: codec.contentEncoding }) !== undefined
  const message = isOfType
    ? `the content encoding ${contentEncoding} is not supported`
    : `expected the content type ${codec.contentType}, not ${contentType}: a codec's \`accepts\` lists others`
  return new PayloadError('incoming', name, [{ path: [], message }])
}

function notEncoded(contract: PayloadContract, cause: unknown): PayloadError {
  return refused('outgoing', contract, `cannot be encoded as ${contract.codec.contentType}`, cause)
}

function notDecoded(contract: PayloadContract, { contentType }: ContentProperties, cause: unknown): PayloadError {
  return refused('incoming', contract, `is not valid ${contentType || contract.codec.contentType}`, cause)
}

/**
 * Wraps a codec's error. Its message may quote the content, so it stays in the `cause`. A codec that throws `Retry` has
 * refused nothing.
 */
function refused(
  direction: 'outgoing' | 'incoming',
  { name }: PayloadContract,
  refusal: string,
  cause: unknown,
): PayloadError {
  const retryable = isMarked(cause, 'retry')
  const message = retryable ? 'its codec cannot answer at present' : refusal
  return new PayloadError(direction, name, [{ path: [], message }], { cause, retryable })
}

/** Converts the codec's result into a Buffer. The `Uint8Array` may come from another realm, as in Jest. */
function bufferOf(contract: PayloadContract, encoded: unknown): Buffer {
  if (encoded instanceof Buffer) return encoded
  if (types.isUint8Array(encoded)) return Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  const problem = `the codec's encode returned a value of type ${typeof encoded}: expected a Uint8Array`
  throw notEncoded(contract, new TypeError(problem))
}
