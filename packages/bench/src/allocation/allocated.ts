import { inChild } from '../in-child.js'
import type { Taken } from './meter.js'
import type { Task } from './task.js'

/** Measures how much of the heap each message of a task takes, in a separate process. */
export async function allocated(task: Task): Promise<Taken> {
  const { bytes, left } = (await inChild('allocation', task)) as Taken
  return { bytes: bytes / task.messages, left }
}
