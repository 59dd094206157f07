import { text, workQueue } from 'leveret'
import { z } from 'zod'

// Exactly the queue of RabbitMQ's own tutorial, so that its programs in any language can take part.
const today = { type: 'quorum', arguments: { 'x-queue-type': 'quorum' } } as const

// As older versions of the tutorial declare it. RabbitMQ 4.3 refuses such a queue unless its configuration permits it.
const classic = { type: 'classic', durable: false, legacyTransient: true, arguments: {} } as const

export const hello = workQueue('hello', {
  payload: z.string(),
  codec: text,
  queue: process.env.TUTORIAL_QUEUES === 'classic' ? classic : today,
  retry: false,
  deadLetter: false,
})
