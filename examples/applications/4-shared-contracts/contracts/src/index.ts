import { application, subscription, topicExchange, workQueue } from 'leveret'
import { z } from 'zod'

const order = { orderId: z.int(), email: z.email() }

/** What happens in the shop. */
export const shop = topicExchange('shop', {
  'order.placed': z.object({ ...order, totalCents: z.int() }),
  'order.cancelled': z.object({ ...order, reason: z.enum(['customer', 'payment', 'stock']) }),
})

/** Mails to customers. */
export const orderMails = subscription('order-mails', { of: shop, bindingKeys: ['order.*'] })

/** Invoices to be written. */
export const invoices = workQueue('invoices', {
  payload: z.object({ orderId: z.int(), totalCents: z.int(), dueOn: z.iso.date() }),
})

/** What each service does: a deployment declares it, so that the services need no rights to configure. */
export const services = [
  application({ name: 'orders', version: '1.0.0', publishes: [shop], sends: [invoices] }),
  application({ name: 'mail', version: '1.0.0', subscribes: [orderMails] }),
  application({ name: 'invoicing', version: '1.0.0', works: [invoices] }),
]
