import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  declare,
  fanoutExchange,
  OptionsError,
  Producer,
  Publisher,
  Subscriber,
  subscription,
  Worker,
  workQueue,
} from '../../../src/index.js'
import { stranger } from '../../support/stranger.js'
import { eventually, firstEvent, gate, test } from '../../support/support.js'

const payload = z.object({ n: z.int() })

describe('the priority of a consumer', () => {
  test.for(['quorum', 'classic'] as const)(
    'lets it have deliveries first, and others what it cannot take (%s)',
    async (type, { connectTo }) => {
      const contract = workQueue('tasks', { payload, queue: { type } })
      const hold = gate()
      const [first, second]: [number[], number[]] = [[], []]
      const common = { concurrency: 3, prefetch: 3, isolation: false } as const
      const into = (seen: number[]) => async (task: { n: number }) => {
        seen.push(task.n)
        await hold.opened
      }
      const rabbit = await connectTo()
      const producer = new Producer(rabbit, contract)
      const low = new Worker(rabbit, contract, into(second), {
        ...common,
        priority: -1,
      })
      await low.start()
      const high = new Worker(await connectTo(), contract, into(first), {
        ...common,
        priority: 7,
      })
      await high.start()
      for (let n = 0; n < 5; n += 1) await producer.send({ n })
      await eventually(() => expect([first, second].map(({ length }) => length)).toEqual([3, 2]))
      hold.open()
    },
  )
})

describe('an exclusive consumer', () => {
  const contract = workQueue('tasks', { payload, queue: { type: 'classic' } })
  const exclusive = { exclusive: true } as const

  test('keeps others from its queue: a second one waits, is refused with one clear error, and has it when it is free', async ({
    rabbit,
    connectTo,
  }) => {
    const first = new Worker(rabbit, contract, () => undefined, exclusive)
    await first.start()
    const impatient = await connectTo({ startupTimeoutMs: 500 })
    await expect(new Worker(impatient, contract, () => undefined, exclusive).start()).rejects.toMatchObject({
      name: 'BrokerError',
      replyCode: 403,
      message: expect.stringMatching(
        /'tasks' .* in exclusive use\. The queue is free when the other consumer has ended$/,
      ),
    })
    const seen: number[] = []
    const second = new Worker(await connectTo(), contract, ({ n }) => void seen.push(n), exclusive)
    const refused = firstEvent(second, 'consume-failed')
    const started = second.start()
    expect(await refused).toMatchObject({ reason: { replyCode: 403 } })
    await first.close()
    await started
    await new Producer(rabbit, contract).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
  })

  test('pauses, goes on, and comes back after a lost connection as one consumer', async ({ rabbit, vhost }) => {
    const events = fanoutExchange('events', { payload })
    const listener = subscription('listener', { of: events, queue: { type: 'classic' } })
    const seen: number[] = []
    const subscriber = new Subscriber(rabbit, listener, ({ payload: { n } }) => void seen.push(n), {
      exclusive: true,
      concurrency: 5,
    })
    await subscriber.start()
    await subscriber.pause()
    await subscriber.resume()
    await eventually(async () => expect(await vhost.connections()).toHaveLength(2))
    const recovered = firstEvent(subscriber as never, 'channel.recovered')
    await vhost.closeConnections()
    await recovered
    await new Publisher(rabbit, events).publish({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
    expect(rabbit.health().roles[0]).toMatchObject({ attached: true })
  })

  test('is refused for a queue that RabbitMQ lets others consume all the same', ({ rabbit }) => {
    const quorum = workQueue('tasks', { payload })
    const make = (): unknown => new Worker(rabbit, quorum, () => undefined, exclusive)
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(
      "Worker: exclusive: RabbitMQ cannot keep other consumers from the queue 'tasks', which is not classic",
    )
  })

  test('is refused for a queue whose arguments name no type: its vhost may make it a quorum queue, with two of them', async ({
    broker,
    vhost,
    connectTo,
  }) => {
    await broker.management.createVhost(vhost.name, 'guest', 'quorum')
    const rabbit = await connectTo()
    const open = { payload, deadLetter: false, retry: false } as const
    const untyped = workQueue('tasks', { ...open, queue: { type: 'classic', arguments: {} } })
    await declare(rabbit, untyped)
    // Before 3.11 a vhost has no default type.
    const type = broker.version.startsWith('3.10.') ? 'classic' : 'quorum'
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ type }))
    await using other = await stranger(vhost.url)
    await other.channel.consume('tasks', () => undefined, exclusive)
    const second = other.channel.consume('tasks', () => undefined, exclusive)
    if (type === 'quorum') await second
    else await expect(second).rejects.toThrow('in exclusive use')
    const make = (): unknown => new Worker(rabbit, untyped, () => undefined, exclusive)
    expect(make).toThrow("type is the default of its vhost: add 'x-queue-type': 'classic' to its arguments")
    const typed = workQueue('lines', { ...open, queue: { arguments: { 'x-queue-type': 'classic' } } })
    await new Worker(rabbit, typed, () => undefined, exclusive).start()
  })
})
