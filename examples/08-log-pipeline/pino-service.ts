import pino from 'pino'

// Usage: pino-service <name> <lines>. A service that logs with pino: its lines go to the exchange from a worker thread.
const [name = 'shop', lines = '3'] = process.argv.slice(2)

const log = pino({
  name,
  transport: {
    target: '@leveret/pino',
    options: {
      url: process.env.RABBITMQ_URL ?? 'amqp://localhost',
      contract: new URL('./pino-contracts.js', import.meta.url).pathname.concat('#appLogs'),
      routingKey: '{name}.{level}',
      closeTimeoutMs: 30_000,
    },
  },
})

for (let n = 0; n < Number(lines); n += 1) log.info({ n }, 'an order came in')
log.error({ err: new Error('the card was refused') }, 'the payment failed')
console.log(`${name}: ${Number(lines) + 1} lines logged`)
