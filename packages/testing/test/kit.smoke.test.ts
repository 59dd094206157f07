import { connect, Producer, Reject, Retry, Worker, workQueue } from 'leveret'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Management, startMemoryBroker } from '../src/index.js'
import { testDelivery } from '../src/leveret/index.js'

const emails = workQueue('emails', {
  payload: z.object({ to: z.string(), tries: z.coerce.number().default(0) }),
  retry: { delaysMs: [1_000, 60_000] },
})

describe('a delivery by itself', () => {
  test('is decoded and checked as any other, and acknowledged when its handler returns', async () => {
    const seen: unknown[] = []
    const verdict = await testDelivery(
      emails,
      { to: 'ann' },
      { messageId: 'one', headers: { tenant: 'acme' } },
    ).handledBy((email, { attempt, headers }) => void seen.push(email, attempt, headers.tenant))
    expect(verdict).toMatchObject({ did: 'acked', attempt: 1, messageId: 'one' })
    expect(seen).toEqual([{ to: 'ann', tries: 0 }, 1, 'acme'])
  })

  test.for([
    [1, new Error('down'), { did: 'retried', attempt: 1, afterMs: 1_000 }],
    [2, new Error('down'), { did: 'retried', attempt: 2, afterMs: 60_000 }],
    [3, new Error('down'), { did: 'dead-lettered', attempt: 3, reason: 'attempts-exhausted' }],
    [1, new Reject('no such address'), { did: 'dead-lettered', attempt: 1, reason: 'rejected' }],
    [2, new Retry({ afterMs: 5_000 }), { did: 'retried', attempt: 2, afterMs: 5_000 }],
  ] as const)('of attempt %d whose handler throws %s ends so', async ([attempt, thrown, expected]) => {
    const verdict = await testDelivery(emails, { to: 'ann' }, { attempt }).handledBy(() => {
      throw thrown
    })
    expect(verdict).toMatchObject(expected)
  })

  test('that its sender could not send is refused as it would be there', async () => {
    const wrong = { to: 7 } as unknown as { to: string }
    await expect(testDelivery(emails, wrong).handledBy(() => undefined)).rejects.toMatchObject({ name: 'PayloadError' })
  })
})

describe('a broker in memory', () => {
  test('returns sent tasks and dead letters, with payloads as handlers get them', async () => {
    await using broker = await startMemoryBroker({ clock: 'virtual' })
    await using rabbit = await connect(broker.url)
    const producer = new Producer(rabbit, emails)
    const worker = new Worker(rabbit, emails, ({ to }) => {
      if (to === 'bob') throw new Reject('no such address')
      if (to === 'cal') throw new Error('down')
    })
    await worker.start()
    for (const to of ['ann', 'bob', 'cal']) await producer.send({ to })
    await producer.send({ to: 'dan', tries: 1 }, { delayMs: 5_000 })
    await broker.advance({ minutes: 2 })
    expect(await broker.sent(emails)).toEqual([
      { to: 'ann', tries: 0 },
      { to: 'bob', tries: 0 },
      { to: 'cal', tries: 0 },
      { to: 'dan', tries: 1 },
    ])
    expect(await broker.deadLetters(emails)).toMatchObject([
      { reason: 'rejected', error: { message: 'no such address' }, payload: { to: 'bob' } },
      { reason: 'attempts-exhausted', error: { message: 'down' }, payload: { to: 'cal' } },
    ])
    await worker.close()
    expect(await broker.settled()).toBe(true)
  })

  test('says, with the log, what a test has left', async () => {
    await using broker = await startMemoryBroker()
    broker.assertNothingLeft()
    const rabbit = await connect(broker.url)
    let end = (): void => undefined
    const handled = new Promise<void>((resolve) => {
      end = resolve
    })
    const began = new Promise<void>((resolve) => {
      const worker = new Worker(rabbit, emails, async () => {
        resolve()
        await handled
      })
      void worker.start()
    })
    await new Producer(rabbit, emails).send({ to: 'ann' })
    await began
    expect(() => broker.assertNothingLeft()).toThrow(
      /1 delivery of 'emails' not settled, 1 consumer of 'emails', the connection .*\n[\s\S]*delivered/,
    )
    end()
    await rabbit.close()
    await broker.settled()
    broker.assertNothingLeft()
  })

  test('rejects if a sent message does not fit its contract', async () => {
    await using broker = await startMemoryBroker()
    await using rabbit = await connect(broker.url)
    await new Producer(rabbit, workQueue('emails', { payload: z.any() })).send({ to: 7 })
    await expect(broker.sent(emails)).rejects.toThrow("A message for 'emails' does not fit its contract: to: ")
  })
})

test('what was sent is forgotten with its vhost', async () => {
  await using broker = await startMemoryBroker()
  const management = new Management([broker.managementUrl])
  for (let turn = 0; turn < 2; turn += 1) {
    await using rabbit = await connect(broker.vhost('one'))
    await new Producer(rabbit, emails).send({ to: 'ann' })
    expect(await broker.sent(emails, 'one')).toHaveLength(1)
    await management.deleteVhost('one')
  }
})
