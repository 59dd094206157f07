import { describe, expect } from 'vitest'
import { SenderShare } from '../../src/connection/queued-messages.js'
import { type Connection, Producer, type PublishError, Worker, workQueue } from '../../src/index.js'
import { newMessageId } from '../../src/message/message-id.js'
import { publishEngineOf } from '../../src/publishing/engine/publish-engine-of.js'
import type { Topology } from '../../src/publishing/engine/request.js'
import { SenderLine } from '../../src/publishing/engine/turns.js'
import { eventually, fieldsOf, tasks, test } from '../support/support.js'

const GOOD = 1_000
const BAD = 20

/** Publishes through the outbox itself: producers know only the default exchange. */
async function publish(
  rabbit: Connection,
  exchange: string,
  routingKey: string,
  content: Buffer = Buffer.from('{"n":1}'),
): Promise<void> {
  const properties = { contentType: 'application/json', deliveryMode: 2, messageId: newMessageId() }
  const message = { exchange, routingKey, content, properties, mandatory: true }
  await publishEngineOf(rabbit).submit({
    message,
    topology: NOTHING,
    timeoutMs: 60_000,
    line: new SenderLine(),
    share: new SenderShare(),
  })
}

const NOTHING: Topology = []

const untouched = workQueue('untouched', {
  payload: tasks.payload,
  queue: { type: 'classic' },
  retry: false,
  deadLetter: false,
})

/** Works on the consume lane meanwhile. @returns what shows that nothing reached it */
async function bystander(rabbit: Connection): Promise<{ expectUntouched: () => Promise<void> }> {
  const handled: number[] = []
  const losses: unknown[] = []
  const worker = new Worker(rabbit, untouched, ({ n }) => void handled.push(n))
  worker.on('channel.lost', ({ reason }) => losses.push(reason))
  rabbit.on('disconnected', ({ lane, reason }) => lane === 'consume' && losses.push(reason))
  await worker.start()
  return {
    expectUntouched: async () => {
      const sent = handled.length + 1
      await new Producer(rabbit, untouched).send({ n: sent })
      await eventually(() => expect(handled).toHaveLength(sent))
      expect(losses).toEqual([])
    },
  }
}

describe('an exchange that does not exist', () => {
  test(`fails the ${BAD} messages meant for it, with the broker's reason, and none of ${GOOD} others; three times over`, async ({
    rabbit,
  }) => {
    await new Producer(rabbit, tasks).send({ n: 0 })
    const { expectUntouched } = await bystander(rabbit)
    for (let round = 1; round <= 3; round += 1) {
      const sends = Array.from({ length: GOOD + BAD }, async (_, n) => {
        const isBad = n % ((GOOD + BAD) / BAD) === round
        return { isBad, outcome: (await Promise.allSettled([publish(rabbit, isBad ? 'gone' : '', 'tasks')]))[0] }
      })
      for (const { isBad, outcome } of await Promise.all(sends)) {
        if (!isBad) expect(outcome).toMatchObject({ status: 'fulfilled' })
        else {
          expect(outcome).toMatchObject({
            status: 'rejected',
            reason: { name: 'PublishError', outcome: 'refused', exchange: 'gone', retryable: false },
          })
          expect((outcome as { reason: PublishError }).reason.message).toMatch(/404 NOT_FOUND.*'gone'/)
        }
      }
      await publish(rabbit, '', 'tasks')
      await expectUntouched()
    }
  }, 120_000)

  test('named again and again does not keep others from sending', async ({ rabbit }) => {
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    for (let n = 1; n <= 12; n += 1) {
      const bad = expect(publish(rabbit, 'gone', 'x')).rejects.toMatchObject({ outcome: 'refused' })
      // Each of the twelve gets its place behind a bad one; none waits for half a minute.
      const good = producer.send({ n }, { timeoutMs: 5_000 })
      await Promise.all([bad, good])
    }
  })

  // amqplib gives the next channel the number of the last one before it has written that one's close-ok: behind a backlog
  // channel.open would overtake close-ok, and the broker would close the connection with 504.
  test('costs the others their channel at the most, never their connection, also behind a backlog', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const losses: unknown[] = []
    rabbit.on('disconnected', ({ reason }) => losses.push(reason))
    await new Producer(rabbit, tasks).send({ n: 0 })
    proxy.latency(5)
    const large = Buffer.alloc(100_000)
    const bad = expect(publish(rabbit, 'gone', 'x')).rejects.toMatchObject({ outcome: 'refused' })
    await Promise.all(Array.from({ length: 300 }, () => publish(rabbit, '', 'tasks', large)))
    await bad
    expect(losses).toEqual([])
  })
})

describe('an exchange that may not be written to', () => {
  const rights = { configure: '.*', write: '^(tasks|tasks\\..*|amq\\.default|untouched)$', read: '.*' }

  test(`fails the ${BAD} messages meant for it, names it, and fails none of ${GOOD} others`, async ({
    createUser,
    vhost,
    connectTo,
  }) => {
    const username = await createUser('eve', 'S3cr3t-eve', rights)
    const rabbit = await connectTo({}, { ...fieldsOf(vhost.url), username, password: 'S3cr3t-eve' })
    await new Producer(rabbit, tasks).send({ n: 0 })
    const { expectUntouched } = await bystander(rabbit)
    const bad = Array.from({ length: BAD }, () => publish(rabbit, 'amq.topic', 'x'))
    const good = Array.from({ length: GOOD }, () => publish(rabbit, '', 'tasks'))
    for (const outcome of await Promise.allSettled(bad)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { outcome: 'refused', retryable: false, cause: { replyCode: 403 } },
      })
      expect((outcome as { reason: PublishError }).reason.message).toMatch(/403 ACCESS_REFUSED.*'amq\.topic'/)
    }
    await Promise.all(good)
    await expectUntouched()
  })

  test('fails a task, when it is the default one, and working goes on', async ({
    createUser,
    vhost,
    connectTo,
    rabbit,
  }) => {
    const username = await createUser('sam', 'S3cr3t-sam', { configure: '.*', write: '^untouched$', read: '.*' })
    await new Producer(rabbit, tasks).send({ n: 0 })
    const mute = await connectTo({}, { ...fieldsOf(vhost.url), username, password: 'S3cr3t-sam' })
    const seen: number[] = []
    await new Worker(mute, untouched, ({ n }) => void seen.push(n)).start()
    const refused = new Producer(mute, untouched).send({ n: 1 })
    await expect(refused).rejects.toMatchObject({
      name: 'PublishError',
      outcome: 'refused',
      retryable: false,
      message: expect.stringMatching(/403 ACCESS_REFUSED.*'amq\.default'/),
    })
    await new Producer(rabbit, untouched).send({ n: 2 })
    await eventually(() => expect(seen).toEqual([2]))
  })
})
