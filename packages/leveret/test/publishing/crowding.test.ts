import { getEventListeners } from 'node:events'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { Producer, workQueue } from '../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'
import { onPublishEnd } from '../support/traces.js'

const large = workQueue('large', { payload: z.string(), retry: false, deadLetter: { queue: 'large.dead' } })

describe('a queue that answers nothing', () => {
  const sick = workQueue('sick', { payload: tasks.payload, retry: false, deadLetter: { queue: 'sick.dead' } })

  test('does not keep the others from publishing, not even when one id is sent again', async ({
    connectTo,
    ownBroker,
  }) => {
    const rabbit = await connectTo({ maxInFlight: 20, publishTimeoutMs: 1_500 }, ownBroker.url)
    const [healthy, stuck] = [new Producer(rabbit, tasks), new Producer(rabbit, sick)]
    await Promise.all([healthy.send({ n: 0 }), stuck.send({ n: 0 })])
    // The leader of a quorum queue is a process of this name; suspended, it is a queue that has lost its majority.
    await ownBroker.ctl('eval', "sys:suspend('%2F_sick').")
    const unknown = await stuck.send({ n: 1 }, { messageId: 'again' }).catch((error: unknown) => error)
    expect(unknown).toMatchObject({ outcome: 'unknown', messageId: 'again' })
    const again = stuck.send({ n: 1 }, { messageId: 'again' }).catch((error: unknown) => error)
    await Promise.all([1, 2, 3].map((n) => healthy.send({ n })))
    expect(await again).toMatchObject({ name: 'PublishError' })

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => stuck.send({ n })))
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']))
    await healthy.send({ n: 4 })
    await ownBroker.ctl('eval', "sys:resume('%2F_sick').")
  })
})

describe('sendAll', () => {
  test('waits for room in bytes too, whatever else is being sent', async ({ connectTo, vhost }) => {
    const rabbit = await connectTo({ maxQueuedBytes: 500_000, maxInFlight: 50 })
    const [one, two] = [new Producer(rabbit, large), new Producer(rabbit, large)]
    const content = 'x'.repeat(100_000)
    const source = Array.from({ length: 60 }, () => content)
    expect(await Promise.all([one.sendAll(source), two.sendAll(source)])).toEqual([
      { sent: 60, failed: 0 },
      { sent: 60, failed: 0 },
    ])
    await eventually(async () => expect(await vhost.queue('large')).toMatchObject({ messages: 120 }))
  })

  test('ends when its signal is aborted, also with onFailure and a source without end', async ({ rabbit }) => {
    const stop = new AbortController()
    function* endless(): Generator<{ n: number }> {
      for (let n = 0; ; n += 1) {
        if (n === 500) stop.abort(new Error('enough'))
        yield { n }
      }
    }
    const sending = new Producer(rabbit, tasks).sendAll(endless(), { signal: stop.signal, onFailure: () => undefined })
    await expect(sending).rejects.toThrow('enough')
  })
})

describe('a signal', () => {
  test('that many sends share has one listener, and none afterwards', async ({ connectTo }) => {
    const shared = new AbortController()
    for (const interceptors of [[], [{ publish: (_: unknown, next: () => Promise<void>) => next() }]]) {
      const producer = new Producer(await connectTo({ interceptors }), tasks)
      await producer.send({ n: 0 })
      const sends = Array.from({ length: 500 }, (_, n) => producer.send({ n }, { signal: shared.signal }))
      expect(getEventListeners(shared.signal, 'abort').length).toBeLessThanOrEqual(1)
      await Promise.all(sends)
      expect(getEventListeners(shared.signal, 'abort')).toHaveLength(0)
    }
  })

  test('that gives sends up gives their memory back too', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, large)
    await producer.send('x')
    proxy.refuse()
    proxy.reset()
    await firstEvent(rabbit, 'disconnected')
    const before = process.memoryUsage().arrayBuffers
    for (let round = 0; round < 20; round += 1) {
      const stop = new AbortController()
      const sends = Array.from({ length: 20 }, () => producer.send('x'.repeat(1_000_000), { signal: stop.signal }))
      stop.abort()
      await Promise.allSettled(sends)
    }
    globalThis.gc?.()
    // Four hundred of a megabyte were given up; no more than the last few may still be around.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(250_000_000)
  })
})

describe('diagnostics', () => {
  test('may make their listeners send, also while a message fails that cannot be encoded', async ({ connectTo }) => {
    const name = 'echo'
    const rabbit = await connectTo({ name, publishTimeoutMs: 5_000 })
    const [echo, producer] = [new Producer(rabbit, large), new Producer(rabbit, tasks)]
    await Promise.all([echo.send('x'), producer.send({ n: 0 })])
    const echoed: Promise<unknown>[] = []
    onPublishEnd(({ connection, error }) => {
      if (connection === name && error instanceof Error && echoed.length < 3) echoed.push(echo.send(error.message))
    })
    const outcomes = await Promise.allSettled([
      producer.send({ n: 1 }, { signal: AbortSignal.abort() }),
      producer.send({ n: 2 }),
      producer.send({ n: 3 }, { expirationMs: 5, timeoutMs: 1 }),
      producer.send({ n: 4 }),
    ])
    expect(outcomes[1]?.status).toBe('fulfilled')
    expect(outcomes[3]?.status).toBe('fulfilled')
    await Promise.all(echoed)
    expect(echoed.length).toBeGreaterThan(0)
    await rabbit.close()
  })
})

describe('interceptors', () => {
  test('hold room while they think: the bounds count what they hold', async ({ connectTo }) => {
    const think = gate()
    const rabbit = await connectTo({
      maxQueued: 10,
      interceptors: [
        {
          async publish(_message, next) {
            await think.opened
            await next()
          },
        },
      ],
    })
    const producer = new Producer(rabbit, tasks)
    const sends = Array.from({ length: 100 }, (_, n) => producer.send({ n }))
    const outcomes = Promise.allSettled(sends)
    await expect(sends[50]).rejects.toMatchObject({
      outcome: 'not-sent',
      message: expect.stringContaining('maxQueued'),
    })
    think.open()
    expect((await outcomes).filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  })
})
