import stringWidth from 'string-width'

const ELLIPSIS = '…'
const ASCII = /^[ -~]*$/

/** Returns how many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text)
}

/** Cuts a line at its end, so that it takes at most so many columns. */
export function cut(line: string, columns: number): string {
  return widthOf(line) > columns ? `${beginning([...line], columns - 1)}${ELLIPSIS}` : line
}

/** Cuts a text in its middle: names of queues differ at their ends. */
export function cutMiddle(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  const characters = [...text]
  const first = beginning(characters, Math.ceil((columns - 1) / 2))
  const last = beginning(characters.toReversed(), columns - 1 - widthOf(first))
  return `${first}${ELLIPSIS}${[...last].toReversed().join('')}`
}

function beginning(characters: readonly string[], columns: number): string {
  let [text, width] = ['', 0]
  for (const character of characters) {
    width += widthOf(character)
    if (width > columns) break
    text += character
  }
  return text
}

/** Fills up a text with spaces. */
export function pad(text: string, columns: number, side: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(columns - widthOf(text), 0))
  return side === 'left' ? `${spaces}${text}` : `${text}${spaces}`
}

/** The narrowest text that is wrapped. In a narrower terminal, lines are longer than it. */
const NARROWEST = 20

/**
 * Breaks a text into lines, at spaces where it can. Lines after the first are indented.
 *
 * @param indent - how many columns the later lines are indented
 */
export function wrap(text: string, columns: number, indent: number): string {
  const width = Math.max(columns, indent + NARROWEST)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S) /)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width || line.trim() === '') line = longer
    else {
      lines.push(line)
      line = `${' '.repeat(indent)}${word}`
    }
    while (widthOf(line) > width) {
      const first = beginning([...line], width)
      lines.push(first)
      line = `${' '.repeat(indent)}${line.slice(first.length)}`
    }
  }
  return [...lines, line].join('\n')
}
