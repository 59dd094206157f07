import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { docComments, longCommentLines } from './house/doc-comments.mjs'
import { functionsOf } from './house/functions.mjs'
import { filesInRings } from './house/imports.mjs'
import { sourceFolders, sourcesOf } from './house/sources.mjs'
import { root } from './set-up/repository.mjs'

// npm run house: measures the source code, a column for each package. With a folder: lists what is to be corrected in it.
const [folder] = process.argv.slice(2)
if (folder === undefined) print(sourceFolders())
else listIn(folder)

/** @typedef {readonly import('./house/sources.mjs').Source[]} Sources */

/** @param {readonly string[]} folders */
function print(folders) {
  const columns = folders.map((name) => [name.split('/')[1] ?? name, measure(name)])
  const [first] = columns
  const measures = Object.keys(first?.[1] ?? {})
  console.table(
    Object.fromEntries(
      measures.map((what) => [what, Object.fromEntries(columns.map(([name, values]) => [name, Object(values)[what]]))]),
    ),
  )
}

/** @param {string} name */
function measure(name) {
  const sources = sourcesOf(name)
  return { ...ofFiles(name, sources), ...ofFunctions(name, sources), ...ofComments(sources), ...ofTraces(sources) }
}

/** @param {string} name @param {Sources} sources */
function ofFiles(name, sources) {
  const lengths = sources.map(({ text }) => linesOf(text))
  const lines = sum(lengths)
  const tests = existsSync(join(root, dirname(name), 'test')) ? sourcesOf(join(dirname(name), 'test')) : []
  return {
    'files, lines': `${sources.length}, ${lines}`,
    'file p50 / p90 / max': spread(lengths),
    'biggest folder': biggestFolder(sources),
    'files in import rings': filesInRings(sources),
    'test lines × src': (sum(tests.map(({ text }) => linesOf(text))) / lines).toFixed(1),
    'README lines': readmeLines(name),
  }
}

/** @param {string} name @param {Sources} sources */
function ofFunctions(name, sources) {
  const functions = functionsOf(
    name.split('/')[1] ?? '',
    sources.map(({ path }) => path),
  )
  return {
    functions: functions.length,
    'function p50 / p90 / max': spread(functions.map(({ lines }) => lines)),
    'functions > 40 lines': functions.filter(({ lines }) => lines > 40).length,
    'functions > 3 parameters': functions.filter(({ parameters }) => parameters > 3).length,
  }
}

/** @param {Sources} sources */
function ofComments(sources) {
  const comments = sources.flatMap(({ text }) => docComments(text))
  const headless = comments.filter(({ isHeadless }) => isHeadless).length
  const commented = sum(sources.map(({ text }) => text.match(/^\s*(\/\*\*|\*|\/\/)/gm)?.length ?? 0))
  return {
    'comment lines %': percent(commented, sum(sources.map(({ text }) => linesOf(text)))),
    'doc comments': comments.length,
    'headless %': percent(headless, comments.length),
    'comment lines > 120 columns': sources.flatMap(({ text }) => longCommentLines(text)).length,
    '@example': count(sources, /^ *\* @example/gm),
  }
}

/** @param {Sources} sources */
function ofTraces(sources) {
  const exported = count(sources, /^export (?:abstract |async )?(?:class|function|interface|type|const|enum) /gm)
  const documented = count(sources, /\*\/\nexport (?:abstract |async )?(?:class|function|interface|type|const|enum) /g)
  return {
    exports: exported,
    'exports with a doc comment %': percent(documented, exported),
    'any / TODO / @ts- / as': [/(?::|<|\bas) any\b/g, /\b(?:TODO|FIXME)\b/g, /@ts-/g, /\bas (?!const\b)[A-Zu{]/g]
      .map((pattern) => count(sources, pattern))
      .join(' / '),
  }
}

/** @param {Sources} sources @param {RegExp} pattern */
function count(sources, pattern) {
  return sum(sources.map(({ text }) => text.match(pattern)?.length ?? 0))
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

/** @param {number} part @param {number} whole */
function percent(part, whole) {
  return Math.round((1_000 * part) / Math.max(whole, 1)) / 10
}

/** @param {readonly number[]} numbers */
function spread(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other)
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return `${at(0.5)} / ${at(0.9)} / ${at(1)}`
}

/** @param {string} text */
function linesOf(text) {
  return text.split('\n').length - 1
}

/** @param {string} name */
function readmeLines(name) {
  const file = join(root, dirname(name), 'README.md')
  return existsSync(file) ? linesOf(readFileSync(file, 'utf8')) : 0
}

/** @param {Sources} sources */
function biggestFolder(sources) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { path } of sources) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

/** @param {string} where */
function listIn(where) {
  for (const { path, text } of sourcesOf(where)) {
    for (const { line, text: first, isHeadless } of docComments(text)) {
      if (isHeadless) console.log(`${path}:${line} ${first}`)
    }
    for (const line of longCommentLines(text)) console.log(`${path}:${line} longer than 120 columns`)
  }
}
