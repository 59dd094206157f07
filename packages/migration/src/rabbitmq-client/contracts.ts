import { workQueue } from 'leveret'
import { z } from 'zod'

/** The queue as `createConsumer` declared it: durable and classic, without arguments. */
export const orders = workQueue('orders', {
  payload: z.object({ orderId: z.int(), cents: z.int() }),
  queue: { type: 'classic', arguments: {} },
  retry: { delaysMs: [100, 500] },
})
