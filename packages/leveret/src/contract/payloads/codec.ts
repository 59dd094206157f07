import { types } from 'node:util'
import { type ContentProperties, matchesEncoding, matchesType, mediaType } from './content-types.js'

/**
 * Converts a payload into the bytes of a message and back, synchronously or with a promise. It throws or rejects if it
 * cannot. A `PayloadError` then has the codec's error as its `cause`, and a delivery counts as an invalid payload.
 *
 * A codec that cannot answer now, because a service that it needs is down, throws `Retry`. The delivery has then failed
 * one attempt, and the next follows after the delay that `Retry` names. The `PayloadError` of a send is `retryable`.
 */
export interface Codec {
  /**
   * Content type of encoded messages. A delivery without a content type is accepted; one with another only if `accepts`
   * lists it.
   */
  readonly contentType: string
  /** Content encoding of encoded messages, for example `gzip`. Then only deliveries with this encoding are accepted. */
  readonly contentEncoding?: string | undefined
  /**
   * Further content types that are accepted. `*` stands for any text: `application/*+json`. To accept more than `json`
   * does: `{ ...json, accepts: [...json.accepts, 'application/octet-stream'] }`.
   *
   * @defaultValue []
   */
  readonly accepts?: readonly string[] | undefined
  /**
   * Encodes a payload. It is called once for each message, and once more for each if the schema is asynchronous. The
   * bytes are not copied, so they must not change afterwards. It must not change the payload. If it returns a promise,
   * it must read the payload before it first waits, or the caller must not change the payload until the send has
   * settled: what the codec reads later was not checked.
   */
  encode(payload: unknown): Uint8Array | PromiseLike<Uint8Array>
  /** Decodes the content of a delivery. @param properties - content type and content encoding of the message */
  decode(content: Buffer, properties: ContentProperties): unknown
}

/** One codec, or several: the first encodes; a delivery is decoded by the codec of its content type. */
export type CodecOption = Codec | readonly [Codec, ...Codec[]]

/** Names of leveret's own codecs. */
export type CodecName = 'json' | 'text' | 'bytes'

/** Encoder of one of leveret's own codecs. Its type shows the compiler what a contract with this codec can hold. */
export interface Encode<Name extends CodecName = CodecName> {
  (payload: unknown): Buffer
  /** Marker for the compiler; it never exists at run time. */
  readonly codec?: Name
}

/** A codec that encodes synchronously. */
export interface SyncCodec<Name extends CodecName = CodecName> extends Codec {
  readonly accepts: readonly string[]
  readonly encode: Encode<Name>
  decode(content: Buffer): unknown
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The default codec: JSON in UTF-8. `undefined` has no form in JSON, so it becomes empty content. Deliveries of the
 * type `application/*+json`, `text/json` or `text/plain` are accepted too: the schema decides whether they fit.
 */
export const json: SyncCodec<'json'> = {
  contentType: 'application/json',
  accepts: ['application/*+json', 'text/json', 'text/plain'],
  encode(payload) {
    if (payload === undefined) return Buffer.alloc(0)
    const text = JSON.stringify(payload)
    if (text === undefined) throw new TypeError(`JSON cannot represent a value of type ${typeof payload}`)
    return Buffer.from(text)
  },
  decode: (content) => (content.length === 0 ? undefined : JSON.parse(UTF8.decode(content))),
}

/** Codec for strings, in UTF-8. */
export const text: SyncCodec<'text'> = {
  contentType: 'text/plain',
  accepts: [],
  encode(payload) {
    if (typeof payload !== 'string') throw new TypeError(`expected a string, not a value of type ${typeof payload}`)
    return Buffer.from(payload)
  },
  decode: (content) => UTF8.decode(content),
}

/** Codec for bytes as they are: it sends a `Uint8Array`, and a handler receives a `Buffer`. */
export const bytes: SyncCodec<'bytes'> = {
  contentType: 'application/octet-stream',
  accepts: [],
  encode(payload) {
    if (!types.isUint8Array(payload)) throw new TypeError('expected a Uint8Array')
    return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  },
  // A copy, because a handler may change it in place, and the delivery may have to be stored again as it came.
  decode: (content) => Buffer.from(content),
}

/** Key of the codecs that a combined codec consists of. */
const ONE_OF = Symbol('oneOf')

/** Name of the own codec that encodes; `undefined` if it is another codec. */
export function builtInOf({ encode }: Codec): CodecName | undefined {
  if (encode === json.encode) return 'json'
  if (encode === text.encode) return 'text'
  return encode === bytes.encode ? 'bytes' : undefined
}

/**
 * Combines several codecs into one. The first encodes. A delivery is decoded by the codec whose own content type it
 * has, or else by the first that accepts it.
 */
export function oneOf(codecs: readonly [Codec, ...Codec[]]): Codec {
  const [first] = codecs
  const made: Codec & { readonly [ONE_OF]: readonly Codec[] } = {
    contentType: first.contentType,
    contentEncoding: first.contentEncoding,
    encode: builtInOf(first) === undefined ? (payload) => first.encode(payload) : first.encode,
    decode: (content, properties) => (codecFor(made, properties) ?? first).decode(content, properties),
    [ONE_OF]: codecs,
  }
  return made
}

/** Finds the codec that reads content of this type and encoding; `undefined` if none does. */
export function codecFor(codec: Codec, { contentType, contentEncoding }: ContentProperties): Codec | undefined {
  const { [ONE_OF]: codecs = [codec] } = codec as { [ONE_OF]?: readonly Codec[] }
  const readable = codecs.filter((each) => matchesEncoding(each.contentEncoding, contentEncoding))
  if (!contentType) return readable[0]
  const type = mediaType(contentType)
  const own = readable.find((each) => mediaType(each.contentType) === type)
  return own ?? readable.find(({ accepts = [] }) => matchesType(accepts, contentType))
}

/** Whether a message with these properties is decoded by the codec that encoded it. */
export function encodesAs(codec: Codec, properties: ContentProperties): boolean {
  const { [ONE_OF]: [first] = [codec] } = codec as { [ONE_OF]?: readonly Codec[] }
  return codecFor(codec, properties) === first
}
