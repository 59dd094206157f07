/**
 * What came of the same on several versions.
 *
 * @typedef {object} Matrix
 * @property {string} table - in Markdown
 * @property {boolean} ok - whether all is well in every row
 */

/**
 * @param {readonly string[]} headings
 * @param {readonly (readonly string[])[]} rows
 */
export function markdown(headings, rows) {
  return [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
