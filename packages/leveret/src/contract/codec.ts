/** Turns a payload into the bytes of a message and back. Throws on what it cannot turn; the thrown text is reported. */
export interface Codec {
  /** Written as the message's content type. A delivery with another one is refused; one without any is accepted. */
  readonly contentType: string
  encode(payload: unknown): Buffer
  decode(content: Buffer): unknown
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** The default codec: JSON in UTF-8. */
export const json: Codec = {
  contentType: 'application/json',
  encode(payload) {
    const text = JSON.stringify(payload)
    if (text === undefined) throw new TypeError(`JSON has no form for a value of type ${typeof payload}`)
    return Buffer.from(text)
  },
  decode: (content) => JSON.parse(UTF8.decode(content)),
}

/** Strings in UTF-8. */
export const text: Codec = {
  contentType: 'text/plain',
  encode(payload) {
    if (typeof payload !== 'string') throw new TypeError(`expected a string, not a value of type ${typeof payload}`)
    return Buffer.from(payload)
  },
  decode: (content) => UTF8.decode(content),
}

/** The bytes as they are: a `Uint8Array` to send, a `Buffer` received. */
export const bytes: Codec = {
  contentType: 'application/octet-stream',
  encode(payload) {
    if (!(payload instanceof Uint8Array)) throw new TypeError('expected a Uint8Array')
    return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  },
  // A copy: a handler may change it in place, and the delivery may still have to be stored again as it came.
  decode: (content) => Buffer.from(content),
}
