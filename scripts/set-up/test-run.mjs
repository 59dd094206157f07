import { mkdir, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { foregroundCommand } from './command.mjs'
import { say } from './report.mjs'
import { root } from './repository.mjs'

/**
 * How the tests of a run ended.
 *
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} failures - each with its file, its name and what it said first
 */

/**
 * What is read of Vitest's JSON report.
 *
 * @typedef {object} Results
 * @property {number} [numPassedTests]
 * @property {number} [numFailedTests]
 * @property {number} [numPendingTests]
 * @property {number} [numTodoTests]
 * @property {FileResult[]} [testResults]
 *
 * @typedef {object} FileResult
 * @property {string} name
 * @property {string} status
 * @property {string} message
 * @property {{ status: string, fullName: string, failureMessages?: string[] }[]} assertionResults
 */

/**
 * Runs Vitest in front of the user, and keeps what a reader of the last lines needs.
 *
 * @param {object} run
 * @param {string} run.name
 * @param {{ why: string }} run.broker
 * @param {NodeJS.ProcessEnv} run.env
 * @param {readonly string[]} run.args
 * @returns {Promise<Outcome>}
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
  const outcome = outcomeOf(JSON.parse(await readFile(results, 'utf8').catch(() => '{}')))
  if (code === 0 || outcome.failed > 0) return outcome
  return { ...outcome, failed: 1, failures: [`Vitest ended with ${code} for what belongs to no test: see above`] }
}

/**
 * The last lines of test runs: what failed, and the sums.
 *
 * @param {readonly Outcome[]} runs
 */
export function closingLines(runs) {
  const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ kind) => runs.reduce((total, run) => total + run[kind], 0)
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
  const failures = runs.flatMap(({ failures }) => failures).map((failure) => `FAILED ${failure}`)
  return [...failures, `${sum('passed')} passed, ${sum('failed')} failed${skipped}`].join('\n')
}

/** @param {Results} results @returns {Outcome} */
function outcomeOf({
  numPassedTests = 0,
  numFailedTests = 0,
  numPendingTests = 0,
  numTodoTests = 0,
  testResults = [],
}) {
  // A file that does not even load has no tests to count.
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return {
    passed: numPassedTests,
    failed: numFailedTests + broken.length,
    skipped: numPendingTests + numTodoTests,
    failures: testResults.flatMap(failuresOf),
  }
}

/** @param {FileResult} file */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(root, name)
  if (status === 'failed' && assertionResults.length === 0) return [`${file}: ${firstLines(message)}`]
  return assertionResults
    .filter((test) => test.status === 'failed')
    .map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLines(failureMessages?.[0] ?? '')}`)
}

/** @param {string} message */
function firstLines(message) {
  return message.split('\n    at ')[0]?.slice(0, 1_000) ?? ''
}
