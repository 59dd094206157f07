import { workQueue } from 'leveret'
import { z } from 'zod'

/**
 * The queue as `assertQueue` made it. amqplib's `deadLetterExchange` and `maxPriority` are these arguments. Both
 * programs declare it, so either may start first.
 */
export const orders = workQueue('orders', {
  payload: z.object({ orderId: z.int(), cents: z.int() }),
  queue: { type: 'classic', arguments: { 'x-dead-letter-exchange': 'orders-dlx', 'x-max-priority': 5 } },
  // Tasks that the old program rejects are in this queue too. It is declared as the old program declares it.
  deadLetter: { queue: 'orders-failed', type: 'classic' },
  retry: { delaysMs: [100, 500] },
})
