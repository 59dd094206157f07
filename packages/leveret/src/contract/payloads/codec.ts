import { types } from 'node:util'
import { type ContentProperties, matchesEncoding, matchesType, mediaType } from './content-types.js'

/**
 * Turns a payload into the bytes of a message and back, at once or by a promise. Throws or rejects on what it cannot turn: that is a
 * `PayloadError`, whose `cause` it is. A delivery that it cannot turn is an invalid payload.
 */
export interface Codec {
  /** Written as the message's content type. A delivery without any is accepted; one with another only where `accepts` says so. */
  readonly contentType: string
  /** Written as the message's content encoding, for example `gzip`. Then only deliveries with this encoding are accepted. */
  readonly contentEncoding?: string | undefined
  /**
   * Content types that are accepted too. `*` stands for any text: `application/*+json`. To accept more than `json` does:
   * `{ ...json, accepts: [...json.accepts, 'application/octet-stream'] }`.
   *
   * @defaultValue []
   */
  readonly accepts?: readonly string[] | undefined
  /**
   * Called once for each message. The bytes are not copied, so they must not change afterwards. Where it returns a promise, it reads the
   * payload before it first waits, or the caller must not change the payload meanwhile.
   */
  encode(payload: unknown): Uint8Array | PromiseLike<Uint8Array>
  /** @param properties - what the message says of its content */
  decode(content: Buffer, properties: ContentProperties): unknown
}

/** One codec, or several: the first encodes; a delivery is decoded by the one whose content type it has. */
export type CodecOption = Codec | readonly [Codec, ...Codec[]]

/** The names of leveret's own codecs. */
export type CodecName = 'json' | 'text' | 'bytes'

/** An encoder of leveret's own. Its type tells the compiler what a contract with it can hold. */
export interface Encode<Name extends CodecName = CodecName> {
  (payload: unknown): Buffer
  /** Never there: only the compiler reads it. */
  readonly codec?: Name
}

/** A codec that encodes at once. */
export interface SyncCodec<Name extends CodecName = CodecName> extends Codec {
  readonly accepts: readonly string[]
  readonly encode: Encode<Name>
  decode(content: Buffer): unknown
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The default codec: JSON in UTF-8. `undefined` has no form in JSON, so it is no content. JSON that calls itself `application/*+json`,
 * `text/json` or `text/plain` is accepted too: the schema says whether it fits.
 */
export const json: SyncCodec<'json'> = {
  contentType: 'application/json',
  accepts: ['application/*+json', 'text/json', 'text/plain'],
  encode(payload) {
    if (payload === undefined) return Buffer.alloc(0)
    const text = JSON.stringify(payload)
    if (text === undefined) throw new TypeError(`JSON has no form for a value of type ${typeof payload}`)
    return Buffer.from(text)
  },
  decode: (content) => (content.length === 0 ? undefined : JSON.parse(UTF8.decode(content))),
}

/** Strings in UTF-8. */
export const text: SyncCodec<'text'> = {
  contentType: 'text/plain',
  accepts: [],
  encode(payload) {
    if (typeof payload !== 'string') throw new TypeError(`expected a string, not a value of type ${typeof payload}`)
    return Buffer.from(payload)
  },
  decode: (content) => UTF8.decode(content),
}

/** The bytes as they are: a `Uint8Array` to send, a `Buffer` received. */
export const bytes: SyncCodec<'bytes'> = {
  contentType: 'application/octet-stream',
  accepts: [],
  encode(payload) {
    if (!types.isUint8Array(payload)) throw new TypeError('expected a Uint8Array')
    return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  },
  // A copy: a handler may change it in place, and the delivery may still have to be stored again as it came.
  decode: (content) => Buffer.from(content),
}

/** The codecs that one is made of. */
const ONE_OF = Symbol('oneOf')

/** Which of leveret's own codecs one is, or is made of; `undefined` when it is another. */
export function builtInOf({ encode }: Codec): CodecName | undefined {
  if (encode === json.encode) return 'json'
  if (encode === text.encode) return 'text'
  return encode === bytes.encode ? 'bytes' : undefined
}

/**
 * One codec of several: the first encodes; a delivery is decoded by the one whose own content type it has, else by the first that
 * accepts it.
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

/** The codec that reads content which says this of itself; `undefined` when none does. */
export function codecFor(codec: Codec, { contentType, contentEncoding }: ContentProperties): Codec | undefined {
  const { [ONE_OF]: codecs = [codec] } = codec as { [ONE_OF]?: readonly Codec[] }
  const readable = codecs.filter((each) => matchesEncoding(each.contentEncoding, contentEncoding))
  if (!contentType) return readable[0]
  const type = mediaType(contentType)
  const own = readable.find((each) => mediaType(each.contentType) === type)
  return own ?? readable.find(({ accepts = [] }) => matchesType(accepts, contentType))
}

/** Whether what a codec encodes is decoded by the same one when the message says this of it. */
export function encodesAs(codec: Codec, properties: ContentProperties): boolean {
  const { [ONE_OF]: [first] = [codec] } = codec as { [ONE_OF]?: readonly Codec[] }
  return codecFor(codec, properties) === first
}
