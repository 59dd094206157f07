// Logs as ORDERS says, with pino and the transport, and prints what it saw of itself as JSON.
import pino from 'pino'

const { URL_OF_BROKER: url, ORDERS = '{}' } = process.env
const { lines = 0, rate, end = 'flush', transport = {}, plain = false } = JSON.parse(ORDERS)

const target = plain
  ? { target: new URL('./nowhere.mjs', import.meta.url).href }
  : { target: '@leveret/pino', options: { url, exchange: 'logs', ...transport } }
const logger = pino({ name: 'shop', level: 'trace', transport: target })

let longestTurnMs = 0
let last = performance.now()
const watch = setInterval(() => {
  const now = performance.now()
  longestTurnMs = Math.max(longestTurnMs, now - last - 5)
  last = now
}, 5)
const before = process.memoryUsage.rss()
let most = before
const look = () => {
  most = Math.max(most, process.memoryUsage.rss())
}
const started = performance.now()
if (rate === undefined) {
  for (let n = 0; n < lines; n += 1) logger.info({ n, text: 'a line of the usual length, about what somebody ordered' })
  longestTurnMs = Math.max(longestTurnMs, performance.now() - started)
} else {
  for (let n = 0; n < lines; ) {
    const due = Math.min(lines, Math.floor(((performance.now() - started) / 1_000) * rate))
    for (; n < due; n += 1) logger.info({ n })
    look()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
look()
if (end === 'exit') {
  logger.fatal({ n: lines }, 'the end')
  process.exit(0)
}
clearInterval(watch)
console.log(JSON.stringify({ longestTurnMs, grownBytes: most - before, ms: performance.now() - started }))
