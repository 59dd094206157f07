/** Phrases that a reader has to decode, each with a plain one. */
export const FORBIDDEN = new Map([
  ['told', 'reported, distinguished'],
  ['anew', 'again'],
  ['in hand', 'unsettled, running'],
  ['as ever', 'as before'],
  ['kin', 'similar ones'],
  ['that is none', 'that is not one'],
  ['that are none', 'that are not'],
  ['nobody', 'no consumer, no client, no server'],
  ['whoever', 'the client that, the role that'],
  ['wherever', 'if'],
  ['mend', 'correct, repair'],
  ['mends', 'corrects, repairs'],
  ['mended', 'corrected, repaired'],
  ['for ever', 'without end'],
  ['to be had', 'available'],
])

const PHRASE = new RegExp(`\\b(?:${[...FORBIDDEN.keys()].join('|')})\\b`, 'i')

/** Comments, texts in quotes, and templates. What they miss of a template within a template does no harm. */
const TEXT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g

/** Code within a template. */
const CODE = /\$\{[^{}]*\}/g

/**
 * A text with a forbidden phrase.
 *
 * @typedef {object} Found
 * @property {number} line from 1
 * @property {string} text
 */

/**
 * Finds forbidden phrases in the comments and sentences of a source. A literal without a space is a value, and no sentence.
 *
 * @param {string} source
 * @returns {Found[]}
 */
export function phrasesInSource(source) {
  return [...source.matchAll(TEXT)].flatMap(({ 0: text, index }) => {
    if (!/\s/.test(text)) return []
    const first = source.slice(0, index).split('\n').length
    return phrasesInPage(text.replace(CODE, '…')).map((found) => ({ ...found, line: found.line + first - 1 }))
  })
}

/**
 * Finds forbidden phrases in a page.
 *
 * @param {string} page
 * @returns {Found[]}
 */
export function phrasesInPage(page) {
  return page.split('\n').flatMap((text, index) => (PHRASE.test(text) ? [{ line: index + 1, text: text.trim() }] : []))
}
