import { subscription, topicExchange } from 'leveret'
import { z } from 'zod'

/** A line as pino writes it, with whatever fields a service adds. */
const line = z.looseObject({ level: z.int(), time: z.int(), name: z.string(), msg: z.string().optional() })

/** Lines of all services that log with pino; the routing key is `<name>.<level>`. */
export const appLogs = topicExchange('app_logs', {
  '*.info': line,
  '*.warn': line,
  '*.error': line.extend({ err: z.looseObject({ message: z.string() }).optional() }),
  '*.fatal': line,
})

/** What is written to the file. It waits here while no writer runs. */
export const appLogFile = subscription('app-log-file', { of: appLogs, bindingKeys: ['#'] })
