import { inChild } from '../in-child.js'
import type { Task } from './task.js'

/** How many bytes of heap each message of a task takes, in a process of its own. */
export async function allocated(task: Task): Promise<number> {
  return (await inChild('allocation', task)) as number
}
