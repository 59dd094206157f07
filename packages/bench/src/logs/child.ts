import pino from 'pino'
import type { Logged, Task } from './task.js'

const LOOK_MS = 20

const { url, lines, ships } = JSON.parse(process.argv[2] ?? '') as Task
const target = ships ? '@leveret/pino' : new URL('./nowhere.js', import.meta.url).href
const options = ships ? { url, exchange: 'logs', closeTimeoutMs: 60_000 } : {}
const logger = pino({ name: 'burst', transport: { target, options } })
logger.info('the worker thread is there when this was taken')
await new Promise((resolve) => setTimeout(resolve, 2_000))

const before = process.memoryUsage.rss()
let most = before
const looking = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, LOOK_MS)
const started = performance.now()
for (let n = 0; n < lines; n += 1)
  logger.info({ n, customer: 'Ada Lovelace', order: 'analytical-engine' }, 'an order came in')
const turnMs = performance.now() - started
most = Math.max(most, process.memoryUsage.rss())
await new Promise((resolve) => logger.flush(resolve))
await new Promise((resolve) => setTimeout(resolve, 2_000))
clearInterval(looking)
console.log(JSON.stringify({ turnMs, grownBytes: most - before } satisfies Logged))
