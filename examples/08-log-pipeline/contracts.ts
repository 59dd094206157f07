import { stream, subscription, topicExchange } from 'leveret'
import { z } from 'zod'

const line = { service: z.string(), text: z.string(), at: z.iso.datetime() }

/** Lines of all services; the routing key is `<service>.<level>`. */
export const logLines = topicExchange('log_lines', {
  '*.info': z.object(line),
  '*.warning': z.object(line),
  '*.error': z.object({ ...line, code: z.int() }),
})

/** What is written to the file. It waits here while no writer runs. */
export const logFile = subscription('log-file', { of: logLines, bindingKeys: ['#'] })

/** What somebody is woken for. */
export const logAlerts = subscription('log-alerts', {
  of: logLines,
  bindingKeys: ['*.error'],
  retry: { delaysMs: [1_000, 10_000, 60_000] },
})

/** What has happened in the last week, for later readers. */
export const logHistory = stream('log-history', { of: logLines, bindingKeys: ['#'], retention: { maxAge: '7D' } })
