import { dirname } from 'node:path'
import { docComments, longCommentLines } from './house/doc-comments.mjs'
import { sourceFolders, sourcesOf } from './house/sources.mjs'

// npm run house: measures the source code, a row for each package. With a folder: lists what is to be mended in it.
const [folder] = process.argv.slice(2)
if (folder === undefined) console.table(Object.fromEntries(sourceFolders().map((name) => [name, measure(name)])))
else listIn(folder)

/** @param {string} folder */
function measure(folder) {
  const sources = sourcesOf(folder)
  const lengths = sources.map(({ text }) => text.split('\n').length - 1).sort((one, other) => one - other)
  const comments = sources.flatMap(({ text }) => docComments(text))
  const headless = comments.filter(({ isHeadless }) => isHeadless).length
  return {
    files: sources.length,
    lines: lengths.reduce((sum, length) => sum + length, 0),
    'file p50': at(lengths, 0.5),
    'file p90': at(lengths, 0.9),
    'file max': at(lengths, 1),
    'biggest folder': biggestFolder(sources),
    'doc comments': comments.length,
    'headless %': Math.round((1_000 * headless) / Math.max(comments.length, 1)) / 10,
    'comment lines > 120': sources.flatMap(({ text }) => longCommentLines(text)).length,
    '@example': sources.flatMap(({ text }) => text.match(/^ *\* @example/gm) ?? []).length,
  }
}

/** @param {readonly number[]} sorted @param {number} share */
function at(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

/** @param {readonly import('./house/sources.mjs').Source[]} sources */
function biggestFolder(sources) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { path } of sources) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

/** @param {string} folder */
function listIn(folder) {
  for (const { path, text } of sourcesOf(folder)) {
    for (const { line, text: first, isHeadless } of docComments(text))
      if (isHeadless) console.log(`${path}:${line} ${first}`)
    for (const line of longCommentLines(text)) console.log(`${path}:${line} longer than 120 columns`)
  }
}
