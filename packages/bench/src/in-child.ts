import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/**
 * Has a task done in a process of its own, by the built `child.js` of a folder of this program.
 *
 * @returns what it prints, which is JSON
 */
export async function inChild(
  folder: 'allocation' | 'growth' | 'letters' | 'logs' | 'tracing',
  task: object,
): Promise<unknown> {
  // Built, also where this file is not.
  const child = fileURLToPath(new URL(`../dist/${folder}/child.js`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(task)])
  return JSON.parse(stdout)
}
