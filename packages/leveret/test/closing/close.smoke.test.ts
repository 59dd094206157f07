import { describe, expect } from 'vitest'
import { ClosedError, Producer, Worker } from '../../src/index.js'
import { runProgram } from '../support/program.js'
import { eventually, gate, tasks, test } from '../support/support.js'

describe('close', () => {
  test('finishes running handlers, gives back what has not begun, and confirms what was sent', async ({
    rabbit,
    vhost,
    connectTo,
  }) => {
    const hold = gate()
    const started: number[] = []
    const worker = new Worker(
      rabbit,
      tasks,
      async ({ n }) => {
        started.push(n)
        await hold.opened
      },
      { concurrency: 2, prefetch: 6 },
    )
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => producer.send({ n })))
    await eventually(() => expect(started).toHaveLength(2))

    const sent = producer.send({ n: 7 })
    const closed = rabbit.close()
    expect(rabbit.close()).toBe(closed)
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(0))
    hold.open()
    await closed
    await sent
    expect(started).toHaveLength(2)
    expect(rabbit.state).toBe('closed')
    await eventually(async () =>
      expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 5, messages_unacknowledged: 0 }),
    )
    expect((await connectTo()).state).toBe('ready')
  })

  test('aborts handlers that take too long, and the broker delivers again', async ({ rabbit, vhost }) => {
    const reasons: unknown[] = []
    const never = gate()
    await new Worker(rabbit, tasks, async (_task, { signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      await never.opened
    }).start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() =>
      expect(rabbit.health().roles).toContainEqual(expect.objectContaining({ role: 'worker', inFlight: 1 })),
    )
    await rabbit.close({ timeoutMs: 200 })
    expect(reasons).toEqual([expect.any(ClosedError)])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 1 }))
    never.open()
  })

  test('is final: what is asked afterwards fails clearly', async ({ rabbit }) => {
    const producer = new Producer(rabbit, tasks)
    const worker = new Worker(rabbit, tasks, () => undefined)
    await rabbit.close()
    await expect(producer.send({ n: 1 })).rejects.toMatchObject({
      name: 'PublishError',
      outcome: 'not-sent',
      retryable: false,
    })
    await expect(worker.start()).rejects.toBeInstanceOf(ClosedError)
    expect(() => new Producer(rabbit, tasks)).toThrow(ClosedError)
    expect(rabbit.health()).toMatchObject({ live: false, ready: false, state: 'closed' })
    await worker.close()
  })

  test('ends at once while there is no broker', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    await new Worker(rabbit, tasks, () => undefined).start()
    proxy.refuse()
    proxy.reset()
    await eventually(() => expect(rabbit.state).toBe('reconnecting'))
    const started = performance.now()
    await rabbit.close()
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('ends a worker that is still being attached to a broker that does not answer', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    await new Worker(rabbit, tasks, () => undefined).start()
    proxy.blackHole()
    const worker = new Worker(rabbit, tasks, () => undefined)
    // Who closes it does not want it to start, so that is no failure.
    const starting = expect(worker.start()).resolves.toBe(undefined)
    const started = performance.now()
    await worker.close({ timeoutMs: 500 })
    await starting
    expect(performance.now() - started).toBeLessThan(5_000)
    proxy.heal()
  })

  test('ends in time when the broker no longer answers', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    await new Worker(rabbit, tasks, () => undefined).start()
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    proxy.blackHole()
    const sending = producer.send({ n: 1 })
    const settled = expect(sending).rejects.toMatchObject({ outcome: 'unknown' })
    const started = performance.now()
    await rabbit.close({ timeoutMs: 1_000 })
    expect(performance.now() - started).toBeLessThan(20_000)
    await settled
  })
})

describe('a program', () => {
  test('that sends and closes ends by itself, and its tasks are there', async ({ vhost }) => {
    const body = `const rabbit = await connect(url)
      const producer = new Producer(rabbit, tasks)
      await Promise.all(Array.from({ length: 1000 }, (_, n) => producer.send({ n })))
      await rabbit.close()`
    expect(await runProgram(vhost.url, body)).toEqual({ lines: [], stderr: '', code: 0 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1_000 }))
  })
})
