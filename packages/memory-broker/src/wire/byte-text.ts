/**
 * A text as the protocol has it: bytes, one a character. The broker keeps names and keys so, because they need not be UTF-8, and must
 * go out as they came in.
 */
export type ByteText = string

/** The bytes of a text of JavaScript. */
export function toByteText(text: string): ByteText {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of JavaScript that bytes hold. */
export function fromByteText(bytes: ByteText): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
