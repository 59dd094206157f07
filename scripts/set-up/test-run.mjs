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
 * @property {number} seconds - how long it took
 * @property {readonly string[]} failures - each with its file, its name and what it said first
 * @property {readonly string[]} unsteady - those that failed beside other tests, and passed by themselves
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
 * A run of tests.
 *
 * @typedef {object} Run
 * @property {string} name
 * @property {{ why: string }} broker
 * @property {NodeJS.ProcessEnv} env
 * @property {readonly string[]} args
 */

/** A fault of the machine fails more files than these. */
const MOST_FILES_AGAIN = 5

/**
 * Runs tests, and the files that failed once more, one by one: a machine that is busy with three files at a time can be too slow for a test
 * that is right. What fails twice has failed; what passes the second time is reported as unsteady.
 *
 * @param {Run} run
 * @returns {Promise<Outcome>}
 */
export async function runTests(run) {
  const first = await runOnce(run)
  const { files, ...outcome } = first
  if (files.length === 0 || files.length > MOST_FILES_AGAIN) return outcome
  const args = [...files, '--maxWorkers=1']
  const again = await runOnce({ ...run, name: `${run.name}-again`, args })
  return {
    passed: outcome.passed + outcome.failed - again.failed,
    failed: again.failed,
    skipped: outcome.skipped,
    seconds: outcome.seconds + again.seconds,
    failures: again.failures,
    unsteady: outcome.failures.filter((failure) => !again.failures.some((other) => nameOf(other) === nameOf(failure))),
  }
}

/** @param {string} failure */
function nameOf(failure) {
  return failure.split(': ').slice(0, 2).join(': ')
}

/**
 * Runs Vitest in front of the user, and keeps what a reader of the last lines needs.
 *
 * @param {Run} run
 * @returns {Promise<Outcome & { readonly files: readonly string[] }>} with the files that failed
 */
async function runOnce({ name, broker, env, args }) {
  say(`testing (${name}): ${broker.why}`)
  const directory = join(root, 'node_modules', '.cache', 'leveret')
  const results = join(directory, `${name}.json`)
  await mkdir(directory, { recursive: true })
  await rm(results, { force: true })
  const vitest = join(root, 'node_modules/.bin/vitest')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const began = performance.now()
  const code = await foregroundCommand(vitest, ['run', ...reporters, ...args], { cwd: root, env })
  const seconds = Math.round((performance.now() - began) / 1_000)
  const outcome = { ...outcomeOf(JSON.parse(await readFile(results, 'utf8').catch(() => '{}'))), seconds }
  if (code === 0 || outcome.failed > 0) return outcome
  const failures = [`Vitest ended with ${code} for what belongs to no test: see above`]
  return { ...outcome, failed: 1, failures, files: [] }
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
  const unsteady = runs.flatMap((run) => run.unsteady).map((failure) => `UNSTEADY ${failure}`)
  return [...unsteady, ...failures, `${sum('passed')} passed, ${sum('failed')} failed${skipped}`].join('\n')
}

/**
 * The sums of one run, and how long it took.
 *
 * @param {Outcome} outcome
 */
export function figuresOf({ passed, failed, skipped, seconds }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`
}

/** @param {Results} results @returns {Omit<Outcome, 'seconds'> & { readonly files: readonly string[] }} */
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
    unsteady: [],
    files: testResults.filter(({ status }) => status === 'failed').map(({ name }) => relative(root, name)),
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
