import { procedure } from 'leveret'
import { z } from 'zod'

/** Exactly the queue of RabbitMQ's own tutorial. A number is the same text in JSON, so its programs in any language can take part. */
export const fib = procedure('rpc_queue', {
  request: z.int().min(0),
  response: z.int(),
  queue: { type: 'quorum', arguments: { 'x-queue-type': 'quorum' } },
})
