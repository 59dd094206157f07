/**
 * A text of the protocol: one character for each byte. The broker keeps names and keys in this form, because they need
 * not be UTF-8, and must leave as they came.
 */
export type ByteText = string

/** Converts a text of JavaScript to its UTF-8 bytes. */
export function toByteText(text: string): ByteText {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Converts UTF-8 bytes to a text of JavaScript. */
export function fromByteText(bytes: ByteText): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
