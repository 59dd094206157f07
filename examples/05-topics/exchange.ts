import { text, topicExchange } from 'leveret'
import { z } from 'zod'

/** Exactly the exchange of RabbitMQ's own tutorial. Its keys may be anything: `<facility>.<severity>`, `quick.orange.rabbit` … */
export const topicLogs = topicExchange('topic_logs', { '#': z.string() }, { codec: text, durable: false })
