import { describe, expect } from 'vitest'
import { type ManualDelivery, Producer, Worker } from '../../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

describe("acknowledge: 'manual'", () => {
  test('leaves a delivery to its handler, also after that has returned', async ({ rabbit, vhost }) => {
    const held: ManualDelivery[] = []
    const worker = new Worker(rabbit, tasks, (_task, delivery) => void held.push(delivery), { acknowledge: 'manual' })
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(held).toHaveLength(1))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 1 }))
    expect(await held[0]?.ack()).toBe('acked')
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('offers every way to settle, and says what became of it', async ({ rabbit, vhost }) => {
    const seen: [number, number, string][] = []
    const settle = async ({ n }: { n: number }, delivery: ManualDelivery): Promise<string> => {
      if (n === 1) return await (delivery.attempt === 1 ? delivery.retry() : delivery.ack())
      if (n === 2) return await delivery.deadLetter('two is too many')
      if (n === 3) return await (delivery.redelivered ? delivery.ack() : delivery.requeue())
      // No delay at all: fails the attempt, as it would if it were thrown.
      return await (delivery.attempt === 1 ? delivery.retry({ afterMs: Number.NaN }) : delivery.ack())
    }
    const worker = new Worker(
      rabbit,
      tasks,
      async (task, delivery) => void seen.push([task.n, delivery.attempt, await settle(task, delivery)]),
      { acknowledge: 'manual' },
    )
    await worker.start()
    await new Producer(rabbit, tasks).sendAll([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }])
    await eventually(() => expect(seen).toHaveLength(7))
    expect(seen.toSorted()).toEqual([
      [1, 1, 'retried'],
      [1, 2, 'acked'],
      [2, 1, 'dead-lettered'],
      [3, 1, 'acked'],
      [3, 1, 'requeued'],
      [4, 1, 'retried'],
      [4, 2, 'acked'],
    ])
    await eventually(async () => expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 1 }))
  })

  test('counts the first decision only, and reports the others', async ({ rabbit }) => {
    const outcomes: string[] = []
    const handler = async (_task: unknown, delivery: ManualDelivery): Promise<void> => {
      const all = [delivery.ack(), delivery.deadLetter('after all'), delivery.ack()]
      outcomes.push(...(await Promise.all(all)))
    }
    const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'manual' })
    const twice: unknown[] = []
    const losses: unknown[] = []
    worker.on('delivery.settled-twice', (event) => twice.push(event))
    worker.on('channel.lost', (event) => losses.push(event))
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 }, { messageId: 'm1' })
    await eventually(() => expect(outcomes).toEqual(['acked', 'acked', 'acked']))
    expect(twice).toMatchObject([
      { messageId: 'm1', attempt: 1 },
      { messageId: 'm1', attempt: 1 },
    ])
    // A second ack on the wire would be a 406.
    const done = firstEvent(worker, 'delivery.acked')
    await new Producer(rabbit, tasks).send({ n: 2 })
    await done
    expect(losses).toEqual([])
  })

  test('takes an error for a failed attempt, unless it comes after the decision', async ({ rabbit }) => {
    const attempts: number[] = []
    const worker = new Worker(
      rabbit,
      tasks,
      async ({ n }, delivery) => {
        attempts.push(delivery.attempt)
        if (n === 2 || delivery.attempt === 2) void delivery.ack()
        throw new Error('no')
      },
      { acknowledge: 'manual' },
    )
    await worker.start()
    const acked = firstEvent(worker, 'delivery.acked')
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await acked).toMatchObject({ attempt: 2 })
    const late = firstEvent(worker, 'handler.late')
    await new Producer(rabbit, tasks).send({ n: 2 })
    expect(await late).toMatchObject({ attempt: 1 })
    expect(attempts).toEqual([1, 2, 1])
  })

  test('reports what is never settled, as a failed attempt; what comes later changes nothing', async ({ rabbit }) => {
    const held: ManualDelivery[] = []
    const handler = (_task: unknown, delivery: ManualDelivery): void => {
      if (delivery.attempt === 1) held.push(delivery)
      else void delivery.ack()
    }
    const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'manual', handlerTimeoutMs: 50 })
    const retried = firstEvent(worker, 'delivery.retried')
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await retried).toMatchObject({ attempt: 1, failure: { name: 'HandlerTimeout' } })
    expect(held[0]?.signal.aborted).toBe(true)
    expect(await held[0]?.ack()).toBe('retried')
    expect(await acked).toMatchObject({ attempt: 2 })
  })

  test('says stale when the connection was lost first, and the broker delivers again', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const held: ManualDelivery[] = []
    const worker = new Worker(rabbit, tasks, (_task, delivery) => void held.push(delivery), { acknowledge: 'manual' })
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(held).toHaveLength(1))
    proxy.reset()
    await eventually(() => expect(held).toHaveLength(2))
    expect(await held[0]?.ack()).toBe('stale')
    expect(held[1]?.redelivered).toBe(true)
    expect(await held[1]?.ack()).toBe('acked')
  })
})

describe("acknowledge: 'none'", () => {
  test('acknowledges before the handler begins, and drops what fails, saying so', async ({ rabbit, vhost }) => {
    const hold = gate()
    const seen: number[] = []
    const worker = new Worker(
      rabbit,
      tasks,
      async ({ n }) => {
        seen.push(n)
        await hold.opened
        throw new Error('no')
      },
      { acknowledge: 'none', concurrency: 2 },
    )
    const dropped = firstEvent(worker, 'delivery.dropped')
    await worker.start()
    await new Producer(rabbit, tasks).sendAll([{ n: 1 }, { n: 2 }, { n: 3 }])
    // Two are acknowledged and running; the third waits for a slot, unacknowledged or not yet delivered.
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
    expect(seen).toEqual([1, 2])
    hold.open()
    expect(await dropped).toMatchObject({ attempt: 1, reason: 'attempts-exhausted', failure: { message: 'no' } })
    await eventually(() => expect(seen).toEqual([1, 2, 3]))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 0 })
  })

  test('still keeps what does not fit the contract', async ({ rabbit, vhost, broker }) => {
    const worker = new Worker(rabbit, tasks, () => undefined, { acknowledge: 'none' })
    const kept = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await broker.management.publish(vhost.name, { routingKey: 'tasks', payload: '{"n":"one"}', properties: {} })
    expect(await kept).toMatchObject({ reason: 'invalid-payload' })
  })
})
