import { PayloadError } from '../errors.js'
import { andThen, isLater, type Soon, soonOf } from '../soon.js'
import type { Codec } from './codec.js'
import { type InputOf, type OutputOf, type Schema, validate } from './schema.js'

/** The part of a contract that says what its payload is. */
export interface PayloadContract<S extends Schema = Schema> {
  readonly name: string
  readonly payload: S
  readonly codec: Codec
}

/** What a message says of its own content. */
export interface ContentProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
}

/**
 * Checks an outgoing payload and encodes it. The checked *input* goes on the wire, so a transform runs once: at the
 * receiver.
 *
 * @throws {@link PayloadError}
 */
export function encodePayload<S extends Schema>(
  { name, payload: schema, codec }: PayloadContract<S>,
  payload: InputOf<S>,
): Soon<Buffer> {
  const checked: unknown = validate(schema, payload, { direction: 'outgoing', contract: name })
  const refuse = refusing('outgoing', name, `not encoded as ${codec.contentType}`)
  return andThen(checked, () =>
    andThen(
      guarded(refuse, () => codec.encode(payload)),
      (encoded) => bufferOf(encoded, refuse),
    ),
  )
}

/**
 * Decodes an incoming content and checks it.
 *
 * @throws {@link PayloadError} also for another content type or a content encoding that is not plain
 */
export function decodePayload<S extends Schema>(
  { name, payload: schema, codec }: PayloadContract<S>,
  content: Buffer,
  { contentType, contentEncoding }: ContentProperties,
): Soon<OutputOf<S>> {
  const refuse = (message: string): PayloadError => new PayloadError('incoming', name, [{ path: [], message }])
  const isOurs = !contentType || contentType === codec.contentType
  if (!isOurs && mediaType(contentType) !== mediaType(codec.contentType)) {
    throw refuse(`expected the content type ${codec.contentType}, not ${contentType}`)
  }
  if (contentEncoding && !/^(utf-?8|identity|binary)$/i.test(contentEncoding)) {
    throw refuse(`the content encoding ${contentEncoding} is not supported`)
  }
  const decoded = guarded(refusing('incoming', name, `not ${codec.contentType}`), () => codec.decode(content))
  return andThen(decoded, (value) => validate(schema, value, { direction: 'incoming', contract: name }))
}

/** `text/plain; charset=utf-8` is `text/plain`. */
function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

type Refuse = (cause: unknown) => PayloadError

/** The codec's own words may quote the content, so they stay in the cause. */
function refusing(direction: 'outgoing' | 'incoming', contract: string, message: string): Refuse {
  return (cause) => new PayloadError(direction, contract, [{ path: [], message }], { cause })
}

/** Calls a codec, and refuses what it fails with, at once or later. */
function guarded<T>(refuse: Refuse, act: () => T | PromiseLike<T>): Soon<T> {
  try {
    const result = soonOf(act())
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

function bufferOf(encoded: unknown, refuse: Refuse): Buffer {
  if (Buffer.isBuffer(encoded)) return encoded
  if (encoded instanceof Uint8Array) return Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  throw refuse(new TypeError(`the codec's encode returned a value of type ${typeof encoded}: expected a Uint8Array`))
}
