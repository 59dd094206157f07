import { describe, expect } from 'vitest'
import { type Connection, DeadLetters } from '../../src/index.js'
import { drain, putLetters } from '../support/letters.js'
import { stranger } from '../support/stranger.js'
import { eventually, tasks, test } from '../support/support.js'

const QUEUE = 'tasks.dead-letter'

describe('what is skipped or only looked at survives any number of passes', () => {
  test('where a policy says that RabbitMQ drops what came back four times', async ({ rabbit, vhost, broker }) => {
    const definition = { 'delivery-limit': 3 }
    await broker.management.setPolicy(vhost.name, 'few', { pattern: '.*', 'apply-to': 'queues', definition })
    expect(await new DeadLetters(rabbit, tasks).count()).toBe(0)
    const ids = await putLetters(vhost.url, QUEUE, { count: 5 })
    await passOften(rabbit)
    expect((await drain(rabbit, QUEUE)).sort()).toEqual(ids)
  })

  test("in a queue that others declared, with RabbitMQ's own limit", async ({ connectTo, vhost, broker }) => {
    for (const name of ['tasks', QUEUE]) {
      await broker.management.declareQueue(vhost.name, name, { 'x-queue-type': 'quorum' })
    }
    const rabbit = await connectTo({ topology: 'check' })
    const ids = await putLetters(vhost.url, QUEUE, { count: 5 })
    await passOften(rabbit)
    expect((await drain(rabbit, QUEUE)).sort()).toEqual(ids)
  })

  test('in a classic queue', async ({ connectTo, vhost, broker }) => {
    for (const name of ['tasks', QUEUE]) await broker.management.declareQueue(vhost.name, name)
    const rabbit = await connectTo({ topology: 'check' })
    const ids = await putLetters(vhost.url, QUEUE, { count: 5 })
    await passOften(rabbit)
    expect((await drain(rabbit, QUEUE)).sort()).toEqual(ids)
  })
})

describe('a pass', () => {
  test('holds nothing that it has skipped', async ({ rabbit, vhost }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    const ids = await putLetters(vhost.url, QUEUE, { count: 300 })
    await using other = await stranger(vhost.url)
    let most = 0
    let asked = 0
    const filter = async (): Promise<boolean> => {
      asked += 1
      if (asked % 10 === 0) most = Math.max(most, ids.length - (await other.channel.checkQueue(QUEUE)).messageCount)
      return false
    }
    expect(await letters.replay({ filter })).toEqual({ replayed: 0, skipped: 300 })
    expect(most).toBeLessThanOrEqual(32)
    expect(await drain(rabbit, QUEUE)).toEqual(ids)
  })

  test('holds few letters at once where they are large', async ({ rabbit, vhost }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    const count = 24
    await putLetters(vhost.url, QUEUE, { count, bytes: 4 * 1024 * 1024 })
    await using other = await stranger(vhost.url)
    let most = 0
    let asked = 0
    const filter = async (): Promise<boolean> => {
      const ready = (await other.channel.checkQueue(QUEUE)).messageCount
      most = Math.max(most, count - ready - asked)
      asked += 1
      return true
    }
    expect(await letters.replay({ filter })).toEqual({ replayed: count, skipped: 0 })
    expect(most).toBeLessThanOrEqual(4)
  })

  test('ends although others add letters all the time, and has seen all that were there', async ({ rabbit, vhost }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    const ids = await putLetters(vhost.url, QUEUE, { count: 100 })
    await using other = await stranger(vhost.url)
    let asked = 0
    const filter = async ({ headers }: { headers: Readonly<Record<string, unknown>> }): Promise<boolean> => {
      asked += 1
      other.channel.sendToQueue(QUEUE, Buffer.from('{"n":1}'), { persistent: true, messageId: `new-${asked}`, headers })
      await other.channel.waitForConfirms()
      return asked % 2 === 0
    }
    expect(await letters.replay({ filter })).toEqual({ replayed: 50, skipped: 50 })
    const left = await drain(rabbit, QUEUE)
    expect([...left, ...(await drain(rabbit, 'tasks'))].filter((id) => id.startsWith('m')).sort()).toEqual(ids.sort())
    expect(left.filter((id) => id.startsWith('new-'))).toHaveLength(100)
  })

  test('ends when others take what it was to see', async ({ rabbit, vhost }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    await putLetters(vhost.url, QUEUE, { count: 50 })
    const filter = async (): Promise<boolean> => {
      await drain(rabbit, QUEUE)
      return true
    }
    const { replayed } = await letters.replay({ filter })
    expect(replayed).toBeGreaterThan(0)
    expect(await letters.count()).toBe(0)
  })

  test('keeps what it skips where it is when there is no room for it behind the others', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    const ids = await putLetters(vhost.url, QUEUE, { count: 200 })
    const policy = { pattern: `^${QUEUE}$`, 'apply-to': 'queues', definition: { 'max-length': 5 } } as const
    await broker.management.setPolicy(vhost.name, 'full', policy)
    await eventually(async () => expect(await vhost.queue(QUEUE)).toMatchObject({ policy: 'full' }))
    const isEven = ({ headers }: { headers: Readonly<Record<string, unknown>> }): boolean => Number(headers.n) % 2 === 0
    expect(await letters.replay({ filter: isEven })).toEqual({ replayed: 100, skipped: 100 })
    expect(await drain(rabbit, 'tasks')).toEqual(ids.filter((_id, n) => n % 2 === 0))
    expect((await drain(rabbit, QUEUE)).sort()).toEqual(ids.filter((_id, n) => n % 2 === 1).sort())
  })

  test('whose queue is deleted says so', async ({ rabbit, vhost, broker }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    await putLetters(vhost.url, QUEUE, { count: 100 })
    let asked = 0
    const filter = async (): Promise<boolean> => {
      asked += 1
      if (asked === 10) await broker.management.deleteQueue(vhost.name, QUEUE)
      return true
    }
    await expect(letters.replay({ filter })).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
  })

  test('says how far it is', async ({ rabbit, vhost }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    await putLetters(vhost.url, QUEUE, { count: 200 })
    const told: { done: number; skipped: number; left: number }[] = []
    const filter = ({ headers }: { headers: Readonly<Record<string, unknown>> }): boolean => headers.n !== 7
    await letters.replay({ filter, onProgress: (progress) => told.push(progress) })
    expect(told.length).toBeGreaterThan(1)
    for (const { done, skipped, left } of told) expect(done + skipped + left).toBe(200)
    expect(told.at(-1)).toEqual({ done: 199, skipped: 1, left: 0 })
  })

  test('that fails says what it had done by then, also in the round that failed', async ({ rabbit, vhost }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    await putLetters(vhost.url, QUEUE, { count: 20 })
    const told: { done: number }[] = []
    const filter = (): boolean => {
      asked += 1
      if (asked === 5) throw new Error('no more')
      return true
    }
    let asked = 0
    await expect(letters.replay({ filter, onProgress: (progress) => told.push(progress) })).rejects.toThrow('no more')
    expect(told.at(-1)).toMatchObject({ done: 4 })
    expect(await letters.count()).toBe(16)
  })

  test('sees each letter once, whatever its priority, and gives it back to work with it', async ({ rabbit, vhost }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    const priority = (n: number): number | undefined => [9, 1, undefined, 5][n % 4]
    await putLetters(vhost.url, QUEUE, { count: 40, priority })
    const isRare = ({ headers }: { headers: Readonly<Record<string, unknown>> }): boolean => Number(headers.n) >= 36
    expect(await letters.replay({ filter: isRare })).toEqual({ replayed: 4, skipped: 36 })
    expect(await letters.replay({ filter: isRare })).toEqual({ replayed: 0, skipped: 36 })
    expect(await letters.replay()).toEqual({ replayed: 36, skipped: 0 })
    await using other = await stranger(vhost.url)
    for (
      let message = await other.channel.get('tasks');
      message !== false;
      message = await other.channel.get('tasks')
    ) {
      const { headers = {}, priority: kept } = message.properties
      expect(kept).toBe(priority(headers.n))
      expect(headers).not.toHaveProperty('leveret-original-priority')
    }
  })
})

/** Thirty passes that choose nothing, are stopped on the way, or only look. */
async function passOften(rabbit: Connection): Promise<void> {
  const letters = new DeadLetters(rabbit, tasks)
  for (let round = 0; round < 10; round += 1) {
    expect(await letters.replay({ filter: () => false })).toEqual({ replayed: 0, skipped: 5 })
    await letters.peek({ limit: (round % 3) + 1 })
    expect(await letters.peek()).toHaveLength(5)
    const stop = new AbortController()
    const stopAtTwo = ({ headers }: { headers: Readonly<Record<string, unknown>> }): boolean => {
      if (headers.n === 2) stop.abort()
      return false
    }
    await letters.replay({ filter: stopAtTwo, signal: stop.signal })
  }
}
