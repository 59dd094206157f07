import { inChild } from '../in-child.js'
import type { Taken } from './meter.js'
import type { Task } from './task.js'

/** What each message of a task takes of the heap, in a process of its own. */
export async function allocated(task: Task): Promise<Taken> {
  const { bytes, left } = (await inChild('allocation', task)) as Taken
  return { bytes: bytes / task.messages, left }
}
