import { subscription, topicExchange } from 'leveret'
import { z } from 'zod'

/** The exchange as rascal asserts it: durable. */
export const shop = topicExchange('shop', {
  'order.placed': z.object({ orderId: z.int(), cents: z.int() }),
})

/** The queue and its binding as rascal asserts them: durable and classic, without arguments. */
export const packing = subscription('packing', {
  of: shop,
  bindingKeys: ['order.*'],
  queue: { type: 'classic', arguments: {} },
  retry: { delaysMs: [100, 500] },
})
