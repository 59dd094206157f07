import { procedure, subscription, topicExchange, workQueue } from 'leveret'
import { z } from 'zod'

/** Orders to be packed. */
export const packing = workQueue('packing', { payload: z.object({ order: z.int() }), retry: { delaysMs: [100] } })

/** What happens in the shop. */
export const shop = topicExchange('shop_events', { 'order.*.packed': z.object({ order: z.int() }) })

/** Mails to customers. */
export const mails = subscription('mails', { of: shop, bindingKeys: ['order.*.packed'] })

/** Prices, by the order. */
export const price = procedure('price', {
  request: z.object({ order: z.int() }),
  response: z.object({ cents: z.int() }),
})
