import { procedure, workQueue } from 'leveret'
import { z } from 'zod'

/**
 * The queue that `emit` publishes to, as `queueOptions: { durable: true }` declares it. A message holds the pattern and
 * the data.
 */
export const orders = workQueue('orders', {
  payload: z.object({ pattern: z.literal('order_placed'), data: z.object({ orderId: z.int(), cents: z.int() }) }),
  queue: { type: 'classic', arguments: {} },
  retry: { delaysMs: [100, 500] },
})

/** The request that `send` writes, and the answer of a message handler. */
export const prices = procedure('prices', {
  request: z.object({ pattern: z.literal('get_price'), data: z.object({ orderId: z.int() }), id: z.string() }),
  response: z.union([
    z.object({ response: z.object({ cents: z.int() }), isDisposed: z.literal(true) }),
    z.object({ err: z.unknown(), isDisposed: z.literal(true).optional() }),
  ]),
  queue: { type: 'classic', arguments: {} },
})
