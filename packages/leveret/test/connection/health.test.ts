import { describe, expect, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import {
  DeadLetters,
  fanoutExchange,
  type Logger,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  Worker,
} from '../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'

const news = fanoutExchange('news', { payload: z.string() })
const add = procedure('add', { request: z.int(), response: z.int() })

describe('health', () => {
  test('is live and not ready while a handler finishes its work in close, and not live when all is closed', async ({
    rabbit,
  }) => {
    const hold = gate()
    const begun = gate()
    await new Worker(rabbit, tasks, async () => {
      begun.open()
      await hold.opened
    }).start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await begun.opened
    expect(rabbit.health()).toMatchObject({ live: true, state: 'ready' })
    const closing = rabbit.close()
    expect(rabbit.health()).toMatchObject({ live: true, ready: false, state: 'closing' })
    expect(rabbit.health().why).toContain('closing: ')
    expect(rabbit.health().roles).toContainEqual(expect.objectContaining({ role: 'worker', inFlight: 1 }))
    const states: string[] = []
    rabbit.on('closed', () => states.push(rabbit.state))
    hold.open()
    await closing
    expect(states).toEqual(['closed'])
    expect(rabbit.health()).toMatchObject({ live: false, ready: false, state: 'closed' })
  })

  test('has one entry for all senders of one contract, with their sums', async ({ rabbit }) => {
    const producers = Array.from({ length: 20 }, () => new Producer(rabbit, tasks))
    const publishers = [new Publisher(rabbit, news), new Publisher(rabbit, news)]
    const clients = [new RpcClient(rabbit, add), new RpcClient(rabbit, add)]
    await Promise.all(publishers.map((publisher) => publisher.publish('no queue is bound')))
    await Promise.all(clients.map((client) => client.call(1).catch(() => undefined)))
    expect(rabbit.health().roles).toEqual([
      { role: 'producer', name: 'tasks', count: 20, ready: true, inFlight: 0 },
      { role: 'publisher', name: 'news', count: 2, ready: true, inFlight: 0, unrouted: 2 },
      expect.objectContaining({ role: 'rpc-client', name: 'add', count: 2, inFlight: 0, late: 0, unknown: 0 }),
    ])
    await Promise.all(producers.slice(1).map((producer) => producer.close()))
    expect(rabbit.health().roles[0]).toEqual({ role: 'producer', name: 'tasks', ready: true, inFlight: 0 })
  })

  test('names each worker, also of one queue', async ({ rabbit }) => {
    const [first, second] = [new Worker(rabbit, tasks, () => undefined), new Worker(rabbit, tasks, () => undefined)]
    await first.start()
    expect(rabbit.health().roles.map(({ attached }) => attached)).toEqual([true, false])
    await second.start()
    expect(rabbit.health().roles.map(({ attached }) => attached)).toEqual([true, true])
  })

  test('of a sender whose queue is refused says why, among many that are not', async ({ rabbit, vhost, broker }) => {
    await broker.management.declareQueue(vhost.name, 'tasks', { 'x-max-length': 3 })
    const producers = Array.from({ length: 3 }, () => new Producer(rabbit, tasks))
    await expect(producers[1]?.send({ n: 1 })).rejects.toMatchObject({ name: 'TopologyMismatchError' })
    expect(rabbit.health()).toMatchObject({
      ready: false,
      why: expect.stringContaining("'tasks' exists"),
      roles: [{ role: 'producer', count: 3, ready: false, why: expect.stringContaining("'tasks' exists") }],
    })
  })
})

describe('senders that are made for each call', () => {
  test('are reported once, with what to do instead, and health stays small', async ({ connectTo }) => {
    const warnings: string[] = []
    const warn = (_fields: object, message: string): void => void warnings.push(message)
    const logger: Logger = { debug: () => undefined, info: () => undefined, warn, error: () => undefined }
    const rabbit = await connectTo({ logger })
    for (let n = 0; n < 2_000; n += 1) new Producer(rabbit, tasks)
    for (let n = 0; n < 200; n += 1) new DeadLetters(rabbit, tasks)
    expect(warnings).toEqual([expect.stringMatching(/producer of 'tasks'.*create one when the program starts/)])
    expect(JSON.stringify(rabbit.health()).length).toBeLessThan(1_000)
  })

  test('are a process warning where there is no logger', async ({ rabbit }) => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => warn.mockRestore())
    for (let n = 0; n < 100; n += 1) new Publisher(rabbit, news)
    expect(warn.mock.calls).toEqual([[expect.stringContaining("publisher of 'news'"), 'LeveretWarning']])
  })

  test('are not reported when each is closed after its call', async ({ rabbit }) => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => warn.mockRestore())
    for (let n = 0; n < 150; n += 1) {
      await using producer = new Producer(rabbit, tasks)
      await producer.send({ n })
    }
    await using worker = new Worker(rabbit, tasks, () => undefined)
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await acked
    await eventually(() => expect(warn).not.toHaveBeenCalled())
  })
})
