import { topicExchange } from 'leveret'
import { z } from 'zod'

const line = { service: z.string(), text: z.string(), at: z.iso.datetime() }

/** Lines of all services; the routing key is `<service>.<level>`. */
export const logLines = topicExchange('log_lines', {
  '*.info': z.object(line),
  '*.warning': z.object(line),
  '*.error': z.object({ ...line, code: z.int() }),
})
