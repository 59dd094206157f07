import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { foregroundCommand } from './command.mjs'
import { say } from './report.mjs'
import { root } from './repository.mjs'

/**
 * How many tests ended how.
 *
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * Runs Vitest in front of the user, and counts.
 *
 * @param {object} run
 * @param {string} run.name
 * @param {{ why: string }} run.broker
 * @param {NodeJS.ProcessEnv} run.env
 * @param {readonly string[]} run.args
 * @returns {Promise<Counts>}
 */
export async function runTests({ name, broker, env, args }) {
  say(`testing (${name}): ${broker.why}`)
  const directory = join(root, 'node_modules', '.cache', 'leveret')
  const results = join(directory, `${name}.json`)
  await mkdir(directory, { recursive: true })
  await rm(results, { force: true })
  const vitest = join(root, 'node_modules/.bin/vitest')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const code = await foregroundCommand(vitest, ['run', ...reporters, ...args], { cwd: root, env })
  const counts = count(JSON.parse(await readFile(results, 'utf8').catch(() => '{}')))
  // Vitest also fails for what belongs to no test, such as an unhandled rejection.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

/**
 * The last line of a test run.
 *
 * @param {readonly Counts[]} runs
 */
export function closingLine(runs) {
  const sum = (/** @type {keyof Counts} */ kind) => runs.reduce((total, run) => total + run[kind], 0)
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
  return `${sum('passed')} passed, ${sum('failed')} failed${skipped}`
}

/**
 * @param {object} results - Vitest's JSON report
 * @param {number} [results.numPassedTests]
 * @param {number} [results.numFailedTests]
 * @param {number} [results.numPendingTests]
 * @param {number} [results.numTodoTests]
 * @param {{ status: string, assertionResults: unknown[] }[]} [results.testResults]
 * @returns {Counts}
 */
function count(results) {
  // A file that does not even load has no tests to count.
  const broken = (results.testResults ?? []).filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return {
    passed: results.numPassedTests ?? 0,
    failed: (results.numFailedTests ?? 0) + broken.length,
    skipped: (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0),
  }
}
