import { describe, expect } from 'vitest'
import { z } from 'zod'
import { Producer, PublishError, text, workQueue } from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'

describe('the bounds', () => {
  test('refuse at once what does not fit while the broker is away, and send the rest in the end', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({ maxInFlight: 10, maxQueued: 100 }, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    proxy.refuse()
    proxy.reset()
    await eventually(() => expect(rabbit.state).toBe('reconnecting'))
    const sends = Array.from({ length: 150 }, (_, n) => producer.send({ n }))
    const refused = sends.slice(100)
    for (const send of refused) {
      await expect(send).rejects.toMatchObject({
        outcome: 'not-sent',
        retryable: true,
        message: expect.stringContaining('maxQueued'),
      })
    }
    await proxy.accept()
    await Promise.all(sends.slice(0, 100))
  })

  test('hold for bytes too', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({ maxQueuedBytes: 1_000 }, proxy.urlFor(vhost.url))
    const blobs = workQueue('blobs', { payload: z.string(), codec: text })
    const producer = new Producer(rabbit, blobs)
    await producer.send('x')
    proxy.refuse()
    proxy.reset()
    await eventually(() => expect(rabbit.state).toBe('reconnecting'))
    const first = producer.send('x'.repeat(900))
    await expect(producer.send('x'.repeat(200))).rejects.toMatchObject({
      message: expect.stringContaining('maxQueuedBytes'),
    })
    await proxy.accept()
    await first
  })

  test('are not waited for with failFast', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 }, { failFast: true })
    proxy.refuse()
    proxy.reset()
    await eventually(() => expect(rabbit.state).toBe('reconnecting'))
    await expect(producer.send({ n: 1 }, { failFast: true })).rejects.toMatchObject({ outcome: 'not-sent' })
  })

  test('a signal gives a send up', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    await expect(producer.send({ n: 1 }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      outcome: 'not-sent',
    })
    proxy.blackHole()
    const abort = new AbortController()
    const sending = producer.send({ n: 2 }, { signal: abort.signal })
    abort.abort()
    await expect(sending).rejects.toBeInstanceOf(PublishError)
    proxy.heal()
  })
})

describe('sendAll', () => {
  test('sends a source of any length', async ({ rabbit, vhost }) => {
    async function* source(): AsyncGenerator<{ n: number }> {
      for (let n = 0; n < 5_000; n += 1) yield { n }
    }
    expect(await new Producer(rabbit, tasks).sendAll(source())).toEqual({ sent: 5_000, failed: 0 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 5_000 }))
  })

  test('takes no more from its source than may be unconfirmed', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({ maxInFlight: 50 }, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    proxy.blackHole()
    let taken = 0
    function* source(): Generator<{ n: number }> {
      while (taken < 500) {
        taken += 1
        yield { n: taken }
      }
    }
    const sending = producer.sendAll(source())
    await eventually(() => expect(taken).toBeGreaterThanOrEqual(50))
    expect(taken).toBe(50)
    proxy.heal()
    expect(await sending).toEqual({ sent: 500, failed: 0 })
  })

  test('ends at the first failure, or reports each and goes on', async ({ rabbit }) => {
    const producer = new Producer(rabbit, tasks)
    const payloads = [{ n: 1 }, { n: 1.5 }, { n: 2 }]
    await expect(producer.sendAll(payloads)).rejects.toMatchObject({ name: 'PayloadError' })
    const failures: unknown[] = []
    expect(await producer.sendAll(payloads, { onFailure: (failure) => failures.push(failure) })).toEqual({
      sent: 2,
      failed: 1,
    })
    expect(failures).toMatchObject([{ index: 1, item: { n: 1.5 }, error: { name: 'PayloadError' } }])
  })

  test('rejects with what its source threw, when what was begun has settled', async ({ rabbit, vhost }) => {
    function* source(): Generator<{ n: number }> {
      yield { n: 1 }
      throw new Error('the file ended early')
    }
    await expect(new Producer(rabbit, tasks).sendAll(source())).rejects.toThrow('the file ended early')
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
  })
})
