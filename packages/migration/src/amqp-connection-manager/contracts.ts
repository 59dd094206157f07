import { subscription, topicExchange } from 'leveret'
import { z } from 'zod'

/** The exchange as the `setup` function asserted it. */
export const shop = topicExchange('shop', {
  'order.placed': z.object({ orderId: z.int(), cents: z.int() }),
  'order.cancelled': z.object({ orderId: z.int() }),
})

/** The queue and its binding as the `setup` function asserted them. amqplib's `messageTtl` is this argument. */
export const billing = subscription('billing', {
  of: shop,
  bindingKeys: ['order.*'],
  queue: { type: 'classic', arguments: { 'x-message-ttl': 86_400_000 } },
  retry: { delaysMs: [100, 500] },
})
