import { spawn } from 'node:child_process'
import { SetUpError } from './report.mjs'

/**
 * @typedef {object} CommandOptions
 * @property {NodeJS.ProcessEnv} [env] - added to this process's environment
 * @property {string} [cwd]
 * @property {number} [timeoutMs] - the command is killed after this long. Default: no limit
 * @property {string} [next] - what the user can do when the command fails
 */

/**
 * @typedef {object} CommandResult
 * @property {boolean} ok - it started, and exited with 0 in time
 * @property {string} output - standard output and standard error, interleaved
 */

/**
 * Runs a command quietly and tells how it went; never throws.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<CommandResult>}
 */
export function tryCommand(file, args, options = {}) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code, signal) => {
      if (signal !== null) output += `\n(ended by ${signal})`
      resolve({ ok: code === 0, output })
    })
  })
}

/**
 * Runs a command quietly; shows its output only when it fails.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<string>} what it printed
 */
export async function command(file, args, options = {}) {
  const { ok, output } = await tryCommand(file, args, options)
  if (ok) return output
  process.stderr.write(`${output.trimEnd().split('\n').slice(-60).join('\n')}\n`)
  throw new SetUpError(`\`${[file, ...args].join(' ')}\` failed`, options.next ?? 'read its output above')
}

/**
 * Runs a command in front of the user: its input and output are this terminal's.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<number>} its exit code; a signal counts as 1
 */
export function foregroundCommand(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: 'inherit' })
    // The terminal sends Ctrl-C to the child too; we stay to report how it ended.
    const ignore = () => {}
    process.on('SIGINT', ignore)
    child.on('error', reject)
    child.on('close', (code) => {
      process.off('SIGINT', ignore)
      resolve(code ?? 1)
    })
  })
}
