import { text, workQueue } from 'leveret'
import { z } from 'zod'

// Exactly the queue of RabbitMQ's own tutorial, so that its programs in any language can take part …
const today = { type: 'quorum', arguments: { 'x-queue-type': 'quorum' } } as const

// … and the one of its older versions.
const classic = { type: 'classic', arguments: {} } as const

/** A text; each dot in it is a second of work. */
export const taskQueue = workQueue('task_queue', {
  payload: z.string(),
  codec: text,
  queue: process.env.TUTORIAL_QUEUES === 'classic' ? classic : today,
  retry: false,
  deadLetter: false,
})
