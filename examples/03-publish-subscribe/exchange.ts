import { fanoutExchange, text } from 'leveret'
import { z } from 'zod'

/** Exactly the exchange of RabbitMQ's own tutorial, so that its programs in any language can take part. */
export const logs = fanoutExchange('logs', { payload: z.string(), codec: text, durable: false })
