import { procedure, subscription, topicExchange } from 'leveret'
import { z } from 'zod'

/** The exchange as the module asserts it: durable. */
export const shop = topicExchange('shop', {
  'order.placed': z.object({ orderId: z.int(), cents: z.int() }),
})

/** The queue and its binding as `@RabbitSubscribe` asserts them: durable and classic, without arguments. */
export const packing = subscription('packing', {
  of: shop,
  bindingKeys: ['order.*'],
  queue: { type: 'classic', arguments: {} },
  retry: { delaysMs: [100, 500] },
})

/** The queue of `@RabbitRPC`. leveret sends requests to the queue by its name, not through the exchange. */
export const prices = procedure('prices', {
  request: z.object({ orderId: z.int() }),
  response: z.object({ cents: z.int() }),
  queue: { type: 'classic', arguments: {} },
})
