import { describe, expect } from 'vitest'
import { z } from 'zod'
import { Producer, Worker, workQueue } from '../../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'

describe('a paused worker', () => {
  test('begins nothing, holds what it received, and goes on when resumed', async ({ rabbit, vhost }) => {
    const hold = gate()
    const seen: number[] = []
    const handler = async ({ n }: { n: number }): Promise<void> => {
      seen.push(n)
      await hold.opened
    }
    const worker = new Worker(rabbit, tasks, handler, { concurrency: 1, prefetch: 3 })
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    // A subscription holds one above its prefetch at first.
    await producer.sendAll([1, 2, 3, 4, 5].map((n) => ({ n })))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 4 }))
    await worker.pause()
    expect(await vhost.consumers()).toEqual([])
    hold.open()
    await eventually(async () =>
      expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 3, messages_ready: 1 }),
    )
    expect(seen).toEqual([1])
    expect(rabbit.health()).toMatchObject({
      ready: true,
      roles: [{ role: 'worker', ready: true, attached: false, why: 'paused by pause()' }, {}],
    })
    await worker.resume()
    await eventually(() => expect(seen.toSorted()).toEqual([1, 2, 3, 4, 5]))
    expect(rabbit.health().roles[0]).toMatchObject({ ready: true, attached: true })
  })

  test('stays paused over a lost connection, and loses nothing that it held', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const seen: number[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.push(n))
    await worker.start()
    await worker.pause()
    const recovered = firstEvent(worker, 'channel.recovered')
    proxy.reset()
    await recovered
    await new Producer(rabbit, tasks).sendAll([{ n: 1 }, { n: 2 }])
    expect(await vhost.consumers()).toEqual([])
    expect(seen).toEqual([])
    await worker.resume()
    await eventually(() => expect(seen).toEqual([1, 2]))
  })

  test('may be paused before it starts, and closed while it is', async ({ rabbit, vhost }) => {
    const worker = new Worker(rabbit, tasks, () => undefined)
    await worker.pause()
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await vhost.consumers()).toEqual([])
    await worker.close()
    await worker.resume()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
    expect(await vhost.consumers()).toEqual([])
  })

  test('paused and resumed in haste ends in the state of the last call', async ({ rabbit, vhost }) => {
    const seen: number[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.push(n))
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    const haste = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? worker.pause() : worker.resume()))
    await producer.sendAll(Array.from({ length: 50 }, (_, n) => ({ n })))
    await Promise.all(haste)
    await eventually(() => expect(seen).toHaveLength(50))
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
  })
})

describe('a circuit breaker', () => {
  const breaker = { failureRate: 0.5, minAttempts: 4, pauseMs: 300 }

  test('stops a worker whose attempts fail, tries one delivery, and goes on when that succeeds', async ({
    rabbit,
    vhost,
  }) => {
    let isDown = true
    let calls = 0
    const handler = (): void => {
      calls += 1
      if (isDown) throw new Error('the database is down')
    }
    const told: string[] = []
    const worker = new Worker(rabbit, tasks, handler, { concurrency: 2, breaker })
    worker.on('paused', ({ by }) => told.push(`paused by ${by}`))
    worker.on('probing', () => {
      told.push('probing')
      // The second probe finds it up again.
      if (told.length > 3) isDown = false
    })
    worker.on('resumed', () => told.push('resumed'))
    const paused = firstEvent(worker, 'paused')
    await worker.start()
    await new Producer(rabbit, tasks).sendAll(Array.from({ length: 20 }, (_, n) => ({ n })))
    await paused
    const callsAtPause = calls
    expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringContaining('too many attempts failed') })
    await firstEvent(worker, 'probing')
    // What had begun when it opened may have ended since; nothing else began.
    expect(calls).toBeLessThanOrEqual(callsAtPause + 2)
    await firstEvent(worker, 'resumed')
    expect(told).toEqual(['paused by breaker', 'probing', 'paused by breaker', 'probing', 'resumed'])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(rabbit.health().ready).toBe(true)
  })

  test('is not closed by a handler that began before the pause', async ({ rabbit }) => {
    const slow = gate()
    let isDown = true
    const handler = async ({ n }: { n: number }): Promise<void> => {
      if (n === 0) await slow.opened
      else if (isDown) throw new Error('the database is down')
    }
    const told: string[] = []
    const worker = new Worker(rabbit, tasks, handler, { concurrency: 2, breaker })
    worker.on('paused', ({ by }) => told.push(`paused by ${by}`))
    worker.on('probing', () => {
      told.push('probing')
      // It began when the database was still up, and says nothing of how it is now.
      slow.open()
      if (told.length > 3) isDown = false
    })
    const resumed = firstEvent(worker, 'resumed').then(() => told.push('resumed'))
    await worker.start()
    await new Producer(rabbit, tasks).sendAll(Array.from({ length: 20 }, (_, n) => ({ n })))
    await resumed
    expect(told).toEqual(['paused by breaker', 'probing', 'paused by breaker', 'probing', 'resumed'])
  })

  test('counts what its handler does, and nothing that never reached it', async ({ rabbit }) => {
    const strict = workQueue('strict', {
      payload: tasks.payload,
      onInvalid: 'retry',
      retry: { delaysMs: [20, 20, 20, 20] },
    })
    const loose = workQueue('strict', { payload: z.unknown() })
    const worker = new Worker(rabbit, strict, () => undefined, { breaker })
    const paused: unknown[] = []
    worker.on('paused', (event) => paused.push(event))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, loose).send('no task')
    expect(await dead).toMatchObject({ reason: 'invalid-payload', attempt: 5 })
    expect(paused).toEqual([])
  })

  test('is off unless asked for, and its preset needs a hundred attempts', async ({ rabbit }) => {
    const paused: unknown[] = []
    const off = new Worker(rabbit, tasks, () => Promise.reject(new Error('no')))
    off.on('paused', (event) => paused.push(event))
    let dead = 0
    off.on('delivery.dead-lettered', () => {
      dead += 1
    })
    await off.start()
    const producer = new Producer(rabbit, tasks)
    await producer.sendAll(Array.from({ length: 40 }, (_, n) => ({ n })))
    await eventually(() => expect(dead).toBe(40))
    expect(paused).toEqual([])
    await off.close()
    const preset = new Worker(rabbit, tasks, () => Promise.reject(new Error('no')), { breaker: true })
    let failures = 0
    preset.on('delivery.retried', () => {
      failures += 1
    })
    const opened = firstEvent(preset, 'paused')
    await preset.start()
    await producer.sendAll(Array.from({ length: 120 }, (_, n) => ({ n })))
    expect(await opened).toMatchObject({ by: 'breaker' })
    expect(failures).toBeGreaterThanOrEqual(99)
  })

  test('stays open when resume() is called without pause(), and its pause ends with the worker', async ({ rabbit }) => {
    const worker = new Worker(rabbit, tasks, () => Promise.reject(new Error('no')), {
      breaker: { ...breaker, pauseMs: 2_000_000_000 },
    })
    const paused = firstEvent(worker, 'paused')
    await worker.start()
    await new Producer(rabbit, tasks).sendAll(Array.from({ length: 10 }, (_, n) => ({ n })))
    await paused
    await worker.resume()
    expect(rabbit.health()).toMatchObject({ ready: false })
    await worker.close()
  })
})
