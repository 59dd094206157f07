/**
 * Turns a payload into the bytes of a message and back, at once or by a promise. Throws or rejects on what it cannot turn: that is a
 * `PayloadError`, whose `cause` it is. A delivery that it cannot turn is an invalid payload.
 */
export interface Codec {
  /** Written as the message's content type. A delivery with another one is refused; one without any is accepted. */
  readonly contentType: string
  encode(payload: unknown): Uint8Array | PromiseLike<Uint8Array>
  decode(content: Buffer): unknown
}

/** A codec that encodes at once. */
export interface SyncCodec extends Codec {
  encode(payload: unknown): Buffer
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** The default codec: JSON in UTF-8. `undefined` has no form in JSON, so it is no content. */
export const json: SyncCodec = {
  contentType: 'application/json',
  encode(payload) {
    if (payload === undefined) return Buffer.alloc(0)
    const text = JSON.stringify(payload)
    if (text === undefined) throw new TypeError(`JSON has no form for a value of type ${typeof payload}`)
    return Buffer.from(text)
  },
  decode: (content) => (content.length === 0 ? undefined : JSON.parse(UTF8.decode(content))),
}

/** Strings in UTF-8. */
export const text: SyncCodec = {
  contentType: 'text/plain',
  encode(payload) {
    if (typeof payload !== 'string') throw new TypeError(`expected a string, not a value of type ${typeof payload}`)
    return Buffer.from(payload)
  },
  decode: (content) => UTF8.decode(content),
}

/** The bytes as they are: a `Uint8Array` to send, a `Buffer` received. */
export const bytes: SyncCodec = {
  contentType: 'application/octet-stream',
  encode(payload) {
    if (!(payload instanceof Uint8Array)) throw new TypeError('expected a Uint8Array')
    return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  },
  // A copy: a handler may change it in place, and the delivery may still have to be stored again as it came.
  decode: (content) => Buffer.from(content),
}
