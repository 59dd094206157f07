import { directExchange, text } from 'leveret'
import { z } from 'zod'

const line = z.string()

/** Exactly the exchange of RabbitMQ's own tutorial; only that its severities are known is the contract's. */
export const directLogs = directExchange(
  'direct_logs',
  { info: line, warning: line, error: line },
  { codec: text, durable: false },
)
