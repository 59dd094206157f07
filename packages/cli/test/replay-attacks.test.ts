import { eventually } from '@leveret/testing/vitest'
import { connect, declare } from 'leveret'
import { describe, expect } from 'vitest'
import { thumbnails } from './fixtures/shop/leveret.config.js'
import { type Leveret, test } from './program.js'

const REPLAY = ['letters', 'replay', 'thumbnails', '--include-unknown', '--yes', '--json']

type Api = {
  readonly management: {
    publish(vhost: string, message: { routingKey: string; payload: string }): Promise<unknown>
  }
}

/** Declares the queues and puts letters into the dead-letter queue. */
async function fill({ management }: Api, { url, vhost }: { url: string; vhost: string }, count: number): Promise<void> {
  await using rabbit = await connect(url)
  await declare(rabbit, thumbnails)
  await putLetters({ management }, vhost, count)
}

async function putLetters({ management }: Api, vhost: string, count: number, first = 0): Promise<void> {
  for (let n = first; n < first + count; n += 1)
    await management.publish(vhost, { routingKey: 'thumbnails.dead-letter', payload: JSON.stringify({ n }) })
}

async function countOf(leveret: Leveret, env?: NodeJS.ProcessEnv): Promise<number> {
  const { stdout } = await leveret(['letters', 'count', 'thumbnails'], env === undefined ? {} : { env })
  return Number(stdout)
}

describe('a replay', () => {
  test('whose work queue is deleted meanwhile ends with what it did, and the other letters stay', async ({
    broker,
    leveret,
    vhost,
  }) => {
    await fill(broker, { url: vhost.url, vhost: vhost.name }, 30)
    const running = leveret([...REPLAY, '--rate', '20'])
    await eventually(async () => expect((await vhost.queue('thumbnails')).messages).toBeGreaterThan(0))
    await broker.management.deleteQueue(vhost.name, 'thumbnails')
    const { code, stdout, stderr } = await running
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    const [, done] = /replayed (\d+) and skipped 0 before it failed/.exec(stderr) ?? []
    expect(await countOf(leveret)).toBe(30 - Number(done))
  })

  test('takes the letters that were there when it began, and ends although more arrive', async ({
    broker,
    leveret,
    vhost,
  }) => {
    await fill(broker, { url: vhost.url, vhost: vhost.name }, 20)
    const running = leveret([...REPLAY, '--rate', '40'])
    await putLetters(broker, vhost.name, 5, 20)
    const { code, stdout } = await running
    const { replayed } = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(replayed).toBeGreaterThanOrEqual(20)
    await eventually(async () => expect((await countOf(leveret)) + replayed).toBe(25))
  })

  test('shares the letters with another one at the same time: each is replayed once', async ({
    broker,
    leveret,
    vhost,
  }) => {
    await fill(broker, { url: vhost.url, vhost: vhost.name }, 60)
    const both = await Promise.all([leveret(REPLAY), leveret(REPLAY)])
    const replayed = both.reduce((sum, { stdout }) => sum + Number(JSON.parse(stdout).replayed), 0)
    await eventually(async () => expect(await vhost.queue('thumbnails')).toMatchObject({ messages: replayed }))
    expect(replayed + (await countOf(leveret))).toBe(60)
  })

  test('whose broker stops says so with exit code 3, and the same command goes on when it is back', {
    timeout: 180_000,
  }, async ({ leveret, ownBroker }) => {
    const env = { RABBITMQ_URL: ownBroker.url, RABBITMQ_MANAGEMENT_URL: ownBroker.managementUrl }
    await fill(ownBroker, { url: ownBroker.url, vhost: '/' }, 30)
    const running = leveret([...REPLAY, '--rate', '10'], { env })
    const waiting = async () => (await ownBroker.management.queue('/', 'thumbnails')).messages ?? 0
    await eventually(async () => expect(await waiting()).toBeGreaterThan(0), { timeoutMs: 30_000 })
    await ownBroker.restart()
    const { code, stdout, stderr } = await running
    expect({ code, stdout, stderr }).toEqual({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/before it failed[\s\S]*interrupted/),
    })
    const left = await countOf(leveret, env)
    const again = await leveret(REPLAY, { env })
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout).replayed).toBe(left)
    await eventually(async () => expect(await waiting()).toBeGreaterThanOrEqual(30), { timeoutMs: 30_000 })
    expect(await waiting()).toBeLessThanOrEqual(30 + 32)
  })
})

test('says why letters were skipped, and where letters go that are moved to their work queue', async ({
  broker,
  leveret,
  vhost,
}) => {
  await fill(broker, { url: vhost.url, vhost: vhost.name }, 1)
  expect(await leveret(['letters', 'replay', 'thumbnails', '--yes'])).toMatchObject({
    stdout: 'replayed 0, skipped 1\n',
    stderr: expect.stringContaining('--include-unknown takes those too'),
  })
  expect(await leveret(['letters', 'move', 'thumbnails', '--to', 'thumbnails', '--yes'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('leveret letters replay thumbnails'),
  })
  expect(await leveret(['letters', 'show', 'nothing'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("If 'nothing' itself holds the letters, add --of"),
  })
})

test('showing letters wears none out, however often it is done', { timeout: 120_000 }, async ({
  broker,
  leveret,
  vhost,
}) => {
  await fill(broker, { url: vhost.url, vhost: vhost.name }, 2)
  // RabbitMQ drops a message of a quorum queue that came back more than 20 times, unless its limit is another one.
  for (let look = 1; look <= 25; look += 1) {
    const { stdout } = await leveret(['letters', 'show', 'thumbnails', '--json'])
    expect(JSON.parse(stdout)).toHaveLength(2)
  }
})

test('names with spaces, slashes, and characters of other scripts work everywhere, in a vhost with a slash', async ({
  broker,
  leveret,
  vhost,
}) => {
  const name = `${vhost.name}/a b%2f`
  await broker.management.createVhost(name)
  try {
    const url = new URL(vhost.url)
    url.pathname = `/${encodeURIComponent(name)}`
    const env = { RABBITMQ_URL: url.href }
    const queue = "my 'tasks'/ü 日本%2f"
    for (const each of [queue, `${queue}.dead-letter`])
      await broker.management.declareQueue(name, each, { 'x-queue-type': 'quorum' })
    const texts = ['no JSON', '\u001b[31mred\u202e\u009b']
    for (const payload of texts) await broker.management.publish(name, { routingKey: `${queue}.dead-letter`, payload })
    expect(await leveret(['letters', 'count', queue], { env, folder: '/' })).toMatchObject({ stdout: '2\n' })
    for (const json of [[], ['--json']]) {
      const { stdout } = await leveret(['letters', 'show', queue, ...json], { env, folder: '/' })
      expect(stdout).toMatch(/no JSON[\s\S]*\\u202e\\u009b/)
      for (const acting of ['\u001b', '\u202e', '\u009b']) expect(stdout).not.toContain(acting)
    }
    // The counts of the management API are some seconds old.
    await eventually(
      async () => {
        const { stdout } = await leveret(['doctor', '--json'], { env, folder: '/' })
        const ways = JSON.parse(stdout).findings.map(({ wayOut }: { wayOut: string }) => wayOut)
        const quoted = String.raw`leveret letters show 'my '\''tasks'\''/ü 日本%2f.dead-letter'`
        expect(ways).toContainEqual(expect.stringContaining(quoted))
      },
      { timeoutMs: 30_000, intervalMs: 500 },
    )
    expect(
      await leveret(['letters', 'replay', queue, '--include-unknown', '--yes'], { env, folder: '/' }),
    ).toMatchObject({
      code: 0,
      stdout: 'replayed 2, skipped 0\n',
    })
    const { stdout: listed } = await leveret(['list', 'queues', '--name', 'tasks', '--json'], { env, folder: '/' })
    expect(JSON.parse(listed)).toHaveLength(2)
  } finally {
    await broker.management.deleteVhost(name)
  }
})
