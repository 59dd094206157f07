import { PayloadError } from '../errors.js'
import { andThen, type Soon } from '../soon.js'
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
  const place = { direction: 'outgoing', contract: name } as const
  const encode = (): Buffer =>
    guard(place.direction, name, `not encoded as ${codec.contentType}`, () => codec.encode(payload))
  const checked: unknown = guardSchema(name, () => validate(schema, payload, place))
  return andThen(checked, encode)
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
  const value = guard('incoming', name, `not ${codec.contentType}`, () => codec.decode(content))
  return validate(schema, value, { direction: 'incoming', contract: name })
}

/** `text/plain; charset=utf-8` is `text/plain`. */
function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/** A schema that throws says nothing of the payload; it was not checked, so it is not sent. */
function guardSchema(contract: string, act: () => unknown): unknown {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof PayloadError) throw cause
    throw new PayloadError('outgoing', contract, [{ path: [], message: 'the schema itself failed' }], { cause })
  }
}

function guard<T>(direction: 'outgoing' | 'incoming', contract: string, problem: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    // The codec's own words may quote the content, so they stay in the cause.
    throw new PayloadError(direction, contract, [{ path: [], message: problem }], { cause })
  }
}
