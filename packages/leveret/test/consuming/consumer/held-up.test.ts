import { describe, expect } from 'vitest'
import { DeadLetters, Producer, Reject, Worker, workQueue } from '../../../src/index.js'
import { MARK } from '../../support/no-secrets.js'
import { stranger } from '../../support/stranger.js'
import { eventually, firstEvent, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

/** Nothing fits into a dead-letter queue that an operator has bounded so. */
const FULL = { 'max-length': 1, overflow: 'reject-publish' }

const numbered = (from: number, count: number): { n: number }[] =>
  Array.from({ length: count }, (_, index) => ({ n: from + index }))

describe('while the dead-letter queue is full', () => {
  test.for([10, 1])(
    'poison messages are reported, wait for their place, and stop no other message (prefetch %d)',
    { timeout: 120_000 },
    async (prefetch, { rabbit, vhost, broker }) => {
      const contract = workQueue('tasks', { payload: tasks.payload, retry: false })
      const done = new Set<number>()
      const handler = ({ n }: { n: number }): void => {
        if (n < 0) throw new Reject('poison')
        done.add(n)
      }
      const worker = new Worker(rabbit, contract, handler, { concurrency: prefetch, prefetch })
      const refused: unknown[] = []
      const dead: unknown[] = []
      worker.on('delivery.copy-refused', ({ messageId, error }) => refused.push([messageId, error.name]))
      worker.on('delivery.dead-lettered', ({ messageId }) => dead.push(messageId))
      await worker.start()
      const policy = { pattern: '^tasks\\.dead-letter$', definition: FULL }
      await broker.management.setPolicy(vhost.name, 'full', policy)
      const producer = new Producer(rabbit, contract)
      const { messageId: filler } = await producer.send({ n: -1 })
      await eventually(() => expect(dead).toEqual([filler]))
      // A quorum queue takes some more than its limit says.
      await producer.sendAll(numbered(-60, 50))
      await eventually(() => expect(dead.length + refused.length).toBe(51))
      const waiting = refused.length
      expect(waiting).toBeGreaterThan(2 * prefetch)
      await producer.sendAll(numbered(1, 300))
      await eventually(() => expect(done.size).toBe(300))
      expect(rabbit.health().roles).toContainEqual(
        expect.objectContaining({ role: 'worker', ready: true, heldUp: waiting }),
      )
      // Somebody takes the letters out.
      await using other = await stranger(vhost.url)
      await other.channel.consume('tasks.dead-letter', () => undefined, { noAck: true })
      await eventually(() => expect(dead).toHaveLength(51), { timeoutMs: 60_000 })
      await eventually(() => expect(rabbit.health().roles).toContainEqual(expect.objectContaining({ heldUp: 0 })))
      expect(refused).toHaveLength(waiting)
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    },
  )

  test('a worker that may hold no more says so and is not ready, and closes at once', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const queue = { type: 'quorum', singleActive: true } as const
    const contract = workQueue('tasks', { payload: tasks.payload, retry: false, queue })
    const worker = new Worker(
      rabbit,
      contract,
      () => {
        throw new Reject('poison')
      },
      { prefetch: 3 },
    )
    const refused: unknown[] = []
    worker.on('delivery.copy-refused', (event) => refused.push(event))
    const full = firstEvent(worker, 'consumer.full')
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await broker.management.setPolicy(vhost.name, 'full', { pattern: '^tasks\\.dead-letter$', definition: FULL })
    await new Producer(rabbit, contract).send({ n: 0 })
    await dead
    await new Producer(rabbit, contract).sendAll(numbered(1, 30))
    await eventually(() => expect(refused).toHaveLength(3))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 3 }))
    expect(await full).toMatchObject({ deliveries: 3 })
    const why = expect.stringMatching(/accepts no further deliveries: 3 wait .*basic.nack/)
    expect(rabbit.health().roles).toContainEqual(
      expect.objectContaining({ role: 'worker', ready: false, heldUp: 3, why }),
    )
    await worker.close({ timeoutMs: 50_000 })
    await eventually(async () => {
      const [tasksLeft, letters] = await Promise.all([vhost.queue('tasks'), vhost.queue('tasks.dead-letter')])
      expect(tasksLeft).toMatchObject({ messages_unacknowledged: 0 })
      expect((tasksLeft.messages ?? 0) + (letters.messages ?? 0)).toBe(31)
    })
  }, 30_000)
})

test.for(['classic', 'quorum'] as const)(
  'what fails for good waits while its dead-letter queue is gone and may not be declared, and is kept when it may (%s)',
  async (type, { rabbit, connectTo, createUser, vhost, broker }) => {
    const contract = workQueue('tasks', { payload: tasks.payload, retry: false, queue: { type } })
    const user = await createUser('worker', `${MARK}-worker`)
    const url = new URL(vhost.url)
    url.username = user
    url.password = `${MARK}-worker`
    const worker = new Worker(await connectTo({}, url.href), contract, () => {
      throw new Reject('no')
    })
    const first = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const producer = new Producer(rabbit, contract)
    await producer.send({ n: 0 })
    await first
    await broker.management.setPermissions(vhost.name, user, { configure: '^$', write: '.*', read: '.*' })
    await broker.management.deleteQueue(vhost.name, 'tasks.dead-letter')
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    const refused = firstEvent(worker, 'delivery.copy-refused')
    await using other = await stranger(vhost.url)
    const properties = { messageId: 'kept', contentType: 'application/json' }
    other.channel.sendToQueue('tasks', Buffer.from('{"n":1}'), properties)
    expect(await refused).toMatchObject({ messageId: 'kept', error: { name: 'PublishError', outcome: 'returned' } })
    await broker.management.setPermissions(vhost.name, user, { configure: '.*', write: '.*', read: '.*' })
    expect(await dead).toMatchObject({ messageId: 'kept', reason: 'rejected' })
    expect(await new DeadLetters(rabbit, contract).peek()).toMatchObject([{ messageId: 'kept', reason: 'rejected' }])
  },
)
