import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Task } from './task.js'

/** Built, also where this file is not. */
const child = fileURLToPath(new URL('../../dist/allocation/child.js', import.meta.url))

/** How many bytes of heap each message of a task takes, in a process of its own. */
export async function allocated(task: Task): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(task)])
  return Number(stdout)
}
