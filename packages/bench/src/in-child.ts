import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/**
 * Runs a task in a separate process, with the built `child.js` of a folder of this program.
 *
 * @returns the JSON that the process prints
 */
export async function inChild(
  folder: 'allocation' | 'growth' | 'latency' | 'letters' | 'logs' | 'memory' | 'steps' | 'tracing',
  task: object,
): Promise<unknown> {
  // The path leads to the built file, even if this file is not built.
  const child = fileURLToPath(new URL(`../dist/${folder}/child.js`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(task)])
  return JSON.parse(stdout)
}
