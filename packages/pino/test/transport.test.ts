import { eventually, test } from '@leveret/testing/vitest'
import { connect, declare, fanoutExchange, Subscriber, subscription, topicExchange } from 'leveret'
import { describe, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { log } from './programs.js'

const Line = z.looseObject({
  level: z.int(),
  n: z.int().optional(),
  dropped: z.int().optional(),
  msg: z.string().optional(),
})
const logs = topicExchange('logs', { '#': Line })

interface Got {
  readonly routingKey: string
  readonly line: z.output<typeof Line>
  readonly type: string | undefined
  readonly appId: string | undefined
  readonly traceparent: unknown
  readonly timestamp: Date | undefined
}

/** Gets all lines of the exchange, in the order in which they come. */
async function listen(url: string): Promise<Got[]> {
  const rabbit = await connect(url)
  onTestFinished(() => rabbit.close())
  const got: Got[] = []
  const every = subscription('every-line', { of: logs, bindingKeys: ['#'] })
  const reader = new Subscriber(
    rabbit,
    every,
    ({ routingKey, payload: line }, { type, appId, headers, timestamp }) => {
      got.push({ routingKey, line, type, appId, traceparent: headers.traceparent, timestamp })
    },
    { concurrency: 1, prefetch: 1_000 },
  )
  await reader.start()
  return got
}

const numbers = (got: readonly Got[]): number[] => got.flatMap(({ line: { n } }) => (n === undefined ? [] : [n]))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

test('lines arrive as pino wrote them, in their order, with level and name as routing key and properties', async ({
  vhost,
}) => {
  const got = await listen(vhost.url)
  const { code, stderr } = await log(vhost.url, { lines: 100, rate: 1_000 })
  expect([code, stderr]).toEqual([0, ''])
  await eventually(() => expect(numbers(got)).toEqual(upTo(100)))
  expect(got[0]).toMatchObject({
    routingKey: 'shop.info',
    type: 'info',
    appId: 'shop',
    line: { level: 30, name: 'shop', hostname: expect.any(String), pid: expect.any(Number) },
  })
  expect(got[0]?.timestamp?.getTime()).toBe(Math.floor(Number(got[0]?.line.time) / 1_000) * 1_000)
})

test('a fatal line right before process.exit() arrives', async ({ vhost }) => {
  const got = await listen(vhost.url)
  const { code } = await log(vhost.url, { lines: 3, end: 'exit' })
  expect(code).toBe(0)
  await eventually(() => expect(got.map(({ routingKey }) => routingKey)).toContain('shop.fatal'))
  expect(numbers(got)).toEqual([0, 1, 2, 3])
})

test('a burst of 20,000 lines in a loop arrives whole', { timeout: 150_000 }, async ({ vhost }) => {
  const got = await listen(vhost.url)
  const { stderr } = await log(vhost.url, { lines: 20_000, transport: { closeTimeoutMs: 30_000 } })
  expect(stderr).toBe('')
  await eventually(() => expect(numbers(got)).toEqual(upTo(20_000)), { timeoutMs: 90_000 })
})

test('what a broker that is away does not get is what is counted as dropped, and a line says so', async ({
  vhost,
  proxy,
}) => {
  const got = await listen(vhost.url)
  const orders = { lines: 8_000, rate: 2_000, transport: { bufferBytes: 100_000, closeTimeoutMs: 20_000 } }
  // It is there again when all lines have been logged.
  const logging = log(proxy.urlFor(vhost.url), orders, () => void proxy.accept())
  await eventually(() => expect(got.length).toBeGreaterThan(200), { timeoutMs: 20_000 })
  proxy.refuse()
  proxy.reset()
  const { code, stderr } = await logging
  expect(code).toBe(0)
  const dropped = (): number => got.reduce((sum, { line }) => sum + (line.dropped ?? 0), 0)
  await eventually(() => expect(new Set(numbers(got)).size + dropped()).toBe(8_000), { timeoutMs: 20_000 })
  expect(dropped()).toBeGreaterThan(0)
  const notice = got.find(({ line }) => line.dropped !== undefined)
  expect(notice).toMatchObject({
    routingKey: 'shop.warn',
    type: 'warn',
    line: { level: 40, from: expect.any(String), to: expect.any(String) },
  })
  expect(stderr).toContain('dropped')
})

describe('the application goes on and ends in time', () => {
  test('where there is no broker, with a word on how many lines were not stored', async () => {
    const { code, stderr, stdout } = await log('amqp://127.0.0.1:1', { lines: 1_000 })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toHaveProperty('longestTurnMs')
    expect(stderr).toMatch(/gave up 1000 lines that were not stored within 2000 ms/)
  })

  test('with a wrong password', async ({ vhost }) => {
    const url = new URL(vhost.url)
    url.password = 'wrong'
    const { code, stderr } = await log(url.href, { lines: 10, transport: { closeTimeoutMs: 500 } })
    expect(code).toBe(0)
    expect(stderr).toMatch(/login-refused|ACCESS_REFUSED|refused/i)
    expect(stderr).not.toContain('wrong')
  })

  test('with an exchange of another type', async ({ vhost }) => {
    await using rabbit = await connect(vhost.url)
    await declare(rabbit, [fanoutExchange('logs', { payload: Line })])
    const { code, stderr } = await log(vhost.url, { lines: 10, transport: { closeTimeoutMs: 1_000 } })
    expect(code).toBe(0)
    expect(stderr).toMatch(/lines wait: .*logs/)
  })

  test('with invalid options', async () => {
    const { code, stderr } = await log('', { lines: 10 })
    expect(code).toBe(0)
    expect(stderr).toMatch(/@leveret\/pino: no line is shipped/)
  })
})
