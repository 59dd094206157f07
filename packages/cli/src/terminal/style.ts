/** Codes of colours and styles: ECMA-48, SGR. */
const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

/** A colour. */
export type Color = keyof typeof CODES

/** Paints a text if colours are allowed. */
export function paint(mayColor: boolean, color: Color, text: string): string {
  if (!mayColor) return text
  const [on, off] = CODES[color]
  return `\u001b[${on}m${text}\u001b[${off}m`
}

/** Characters that move or restyle what a terminal shows: control codes, and those that turn the direction of text. */
const CONTROL = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu

/** Escapes control characters: texts of the broker and of messages may hold anything, even terminal codes. */
export function harmless(text: string): string {
  return text.replace(CONTROL, escaped)
}

function escaped(character: string): string {
  return JSON.stringify(character)
    .slice(1, -1)
    .replace(/^[^\\]$/u, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Quotes a word for a shell, if it needs that. */
export function quoted(word: string): string {
  return /^[\w./:@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
