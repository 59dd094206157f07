import { workQueue } from 'leveret'
import { z } from 'zod'

/**
 * The queue as `assertQueue` made it: `deadLetterExchange` and `maxPriority` of amqplib are these arguments. Both programs declare it, so
 * neither needs the other to be there first.
 */
export const orders = workQueue('orders', {
  payload: z.object({ orderId: z.int(), cents: z.int() }),
  queue: { type: 'classic', arguments: { 'x-dead-letter-exchange': 'orders-dlx', 'x-max-priority': 5 } },
  // What the old program refuses is here too. It is declared as that does.
  deadLetter: { queue: 'orders-failed', type: 'classic' },
  retry: { delaysMs: [100, 500] },
})
