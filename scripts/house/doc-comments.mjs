/**
 * Words that begin a sentence without its subject or verb. `Whether`, and `How long`, `How many`, `How much`, `How often`, `How far`, name
 * a value, as documentation of options does everywhere, so they are none of them.
 */
const HEADLESS = new Set(
  (
    'What Who Whoever Whom Whose Where Wherever When Whenever Why Which That It Its They Their Them He His She Her These Those This There ' +
    'So For Of As In On At By From To With Without Into Over Under Between Beside Besides Within After Before Until While Since Once If ' +
    'Unless Because Although Though Not No None Nothing Nobody Somebody Something Everybody Never Only Also Else But And Or Then Now ' +
    'Told Ours Our Mine More Fewer Longer Even Just Still Again How'
  ).split(' '),
)

/**
 * A doc comment.
 *
 * @typedef {object} DocComment
 * @property {number} line where it begins, from 1
 * @property {string} text its first line of text; empty where it begins with a tag, as `@param` does
 * @property {boolean} isHeadless
 */

/**
 * Finds the doc comments of a source.
 *
 * @param {string} source
 * @returns {DocComment[]}
 */
export function docComments(source) {
  return [...source.matchAll(/^[ \t]*\/\*\*(?<body>(?:(?!\*\/)[\s\S])*)\*\//gm)].map((match) => {
    const lines = (match.groups?.body ?? '').split('\n').map((line) => line.replace(/^\s*\*?\s*/, '').trim())
    const first = lines.find((line) => line !== '') ?? ''
    const text = first.startsWith('@') ? '' : first
    const line = source.slice(0, match.index).split('\n').length
    return { line, text, isHeadless: isHeadless(text) }
  })
}

/**
 * Says whether a sentence begins without its subject or verb.
 *
 * @param {string} text
 */
function isHeadless(text) {
  if (/^How (long|many|much|often|far)\b/.test(text)) return false
  const [first = ''] = /^[A-Za-z]+/.exec(text) ?? []
  return HEADLESS.has(first)
}

/**
 * Finds the lines of comments that are longer than the formatter lets code be.
 *
 * @param {string} source
 * @returns {number[]} line numbers, from 1
 */
export function longCommentLines(source) {
  return source
    .split('\n')
    .flatMap((line, index) => (line.length > 120 && /^\s*(\/\*\*|\*|\/\/)/.test(line) ? [index + 1] : []))
}
