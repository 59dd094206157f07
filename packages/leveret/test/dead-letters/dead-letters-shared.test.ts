import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Connection, DeadLetters, Producer, Reject, Worker, type WorkQueue, workQueue } from '../../src/index.js'
import { drain, putLetters } from '../support/letters.js'
import { eventually, test } from '../support/support.js'

const SHARED = 'given-up'
const payload = z.object({ order: z.string() })
const refunds = workQueue('refunds', { payload, retry: false, deadLetter: { queue: SHARED } })
const reminders = workQueue('reminders', { payload, retry: false, deadLetter: { queue: SHARED } })

describe('where two contracts share a dead-letter queue', () => {
  test('a replay sends back the letters of its own work queue, and asks its filter about no other', async ({
    rabbit,
  }) => {
    await giveUpBoth(rabbit)
    const asked: unknown[] = []
    const filter = ({ messageId }: { messageId: string | undefined }): boolean => asked.push(messageId) > 0
    expect(await new DeadLetters(rabbit, refunds).replay({ filter })).toEqual({ replayed: 2, skipped: 2 })
    expect(await drain(rabbit, 'refunds')).toEqual(['refund-0', 'refund-1'])
    expect(asked).toEqual(['refund-0', 'refund-1'])
    expect(await drain(rabbit, SHARED)).toEqual(['reminder-0', 'reminder-1'])
  })

  test('a move takes the letters of its own work queue', async ({ rabbit, vhost, broker }) => {
    await giveUpBoth(rabbit)
    await broker.management.declareQueue(vhost.name, 'parked', { 'x-queue-type': 'quorum' })
    expect(await new DeadLetters(rabbit, reminders).move({ to: 'parked' })).toEqual({ moved: 2, skipped: 2 })
    expect(await drain(rabbit, 'parked')).toEqual(['reminder-0', 'reminder-1'])
    expect(await drain(rabbit, SHARED)).toEqual(['refund-0', 'refund-1'])
  })

  test('a discard removes the letters of its own work queue', async ({ rabbit }) => {
    await giveUpBoth(rabbit)
    await new DeadLetters(rabbit, refunds).discard({ filter: () => true })
    expect(await drain(rabbit, SHARED)).toEqual(['reminder-0', 'reminder-1'])
  })

  test('their replays may run at the same time, and nothing is lost or comes twice', async ({ rabbit, vhost }) => {
    const both = { refunds: new DeadLetters(rabbit, refunds), reminders: new DeadLetters(rabbit, reminders) }
    expect(await both.refunds.count()).toBe(0)
    const ids = Object.fromEntries(Object.keys(both).map((name) => [name, [] as string[]]))
    for (let n = 0; n < 5; n += 1) {
      for (const name of Object.keys(both)) {
        const prefix = `${name}-${n}-`
        ids[name]?.push(...(await putLetters(vhost.url, SHARED, { count: 40, queue: name, prefix })))
      }
    }
    await eventually(async () => {
      await Promise.all(Object.values(both).map(async (letters) => await letters.replay()))
      expect(await both.refunds.count()).toBe(0)
    })
    for (const name of Object.keys(both)) expect((await drain(rabbit, name)).sort()).toEqual(ids[name]?.sort())
  })

  test('a look shows all, says whose they are, and decodes no payload of another', async ({ rabbit }) => {
    await giveUpBoth(rabbit)
    const letters = new DeadLetters(rabbit, refunds)
    expect(await letters.count()).toBe(4)
    const read = await letters.peek()
    expect(read.map(({ messageId, queue }) => `${messageId} of ${queue}`).sort()).toEqual([
      'refund-0 of refunds',
      'refund-1 of refunds',
      'reminder-0 of reminders',
      'reminder-1 of reminders',
    ])
    for (const letter of read) {
      if (letter.queue === 'refunds') expect(await letter.payload()).toMatchObject({ order: letter.messageId })
      else await expect(letter.payload()).rejects.toMatchObject({ name: 'PayloadError', direction: 'incoming' })
    }
  })
})

describe('a message that does not say which queue it died in', () => {
  test('stays where it is, until it is asked for', async ({ rabbit, vhost, broker }) => {
    const letters = new DeadLetters(rabbit, refunds)
    expect(await letters.count()).toBe(0)
    const properties = { delivery_mode: 2, message_id: 'by-hand' }
    await broker.management.publish(vhost.name, { routingKey: SHARED, payload: '{"order":"7"}', properties })
    expect(await letters.replay()).toEqual({ replayed: 0, skipped: 1 })
    await letters.discard({ filter: () => true })
    expect(await letters.peek()).toMatchObject([{ messageId: 'by-hand', queue: undefined }])
    expect(await letters.replay({ includeUnknown: true })).toEqual({ replayed: 1, skipped: 0 })
    expect(await drain(rabbit, 'refunds')).toEqual(['by-hand'])
  })
})

/** Two letters of each contract, taking turns. */
async function giveUpBoth(rabbit: Connection): Promise<void> {
  await using counter = new DeadLetters(rabbit, refunds)
  let given = 0
  for (const n of [0, 1]) {
    for (const [name, contract] of Object.entries({ refund: refunds, reminder: reminders })) {
      await giveUpOne(rabbit, contract, `${name}-${n}`)
      given += 1
      await eventually(async () => expect(await counter.count()).toBe(given))
    }
  }
}

async function giveUpOne(rabbit: Connection, contract: WorkQueue<typeof payload>, messageId: string): Promise<void> {
  const worker = new Worker(rabbit, contract, () => Promise.reject(new Reject('no')))
  await worker.start()
  const given = new Promise((resolve) => worker.on('delivery.dead-lettered', resolve))
  await new Producer(rabbit, contract).send({ order: messageId }, { messageId })
  await given
  await worker.close()
}
