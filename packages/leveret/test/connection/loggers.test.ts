import { expect } from 'vitest'
import { type Connection, type Logger, Producer, Worker } from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'

type Line = readonly [level: string, ...args: unknown[]]

/** A logger that notes its arguments. */
function noting(lines: Line[]): Logger {
  const at =
    (level: string) =>
    (...args: unknown[]) =>
      void lines.push([level, ...args])
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

const withRetry = (lines: readonly Line[]): Line | undefined =>
  lines.find((line) => JSON.stringify(line).includes('not now'))

test('a logger as pino and bunyan are gets the fields first', async ({ connectTo }) => {
  const lines: Line[] = []
  await failOnce(await connectTo({ logger: noting(lines) }))
  await eventually(() => expect(withRetry(lines)).toBeDefined())
  expect(withRetry(lines)).toEqual([
    'info',
    expect.objectContaining({ event: 'delivery.retried', role: 'worker', queue: 'tasks' }),
    expect.stringMatching(/^leveret: attempt [12] of .* failed/),
  ])
})

test('a logger of winston, and a child of it, gets the message first, and an error that it can write', async ({
  connectTo,
  proxy,
  vhost,
}) => {
  for (const isChild of [false, true]) {
    const lines: Line[] = []
    // By these winston's own loggers are known; a child has them from its parent.
    const winston = Object.assign(noting(lines), {
      transports: [],
      exceptions: {},
      rejections: {},
      log: () => undefined,
    })
    const logger = isChild ? (Object.create(winston) as Logger) : winston
    const rabbit = await connectTo({ logger }, proxy.urlFor(vhost.url))
    await failOnce(rabbit)
    await eventually(() => expect(withRetry(lines)).toBeDefined())
    expect(withRetry(lines)).toEqual([
      'info',
      expect.stringMatching(/^leveret: attempt [12] of .* failed/),
      expect.objectContaining({ event: 'delivery.retried', queue: 'tasks' }),
    ])
    proxy.reset()
    await eventually(() => expect(lines.some(([level]) => level === 'warn')).toBe(true))
    const [, message, fields] = lines.find(([level]) => level === 'warn') ?? []
    expect(message).toMatch(/^leveret: /)
    expect(JSON.parse(JSON.stringify(fields))).toMatchObject({
      err: { name: 'ConnectionError', message: expect.any(String), stack: expect.any(String), reason: 'lost' },
    })
    await rabbit.close()
  }
})

/** Has a task fail once. */
async function failOnce(rabbit: Connection): Promise<void> {
  const worker = new Worker(rabbit, tasks, () => Promise.reject(new Error('not now')))
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 })
}
