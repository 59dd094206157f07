import { inChild } from '../in-child.js'
import type { Task } from './task.js'

/** Lists the functions of leveret that run for each message of a task, in a separate process. */
export async function steps(task: Task): Promise<readonly string[]> {
  return (await inChild('steps', task)) as string[]
}
