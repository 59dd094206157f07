import { type ConfirmChannel, connect as connectRaw, type MessageProperties } from 'amqplib'
import { describe, expect, onTestFinished } from 'vitest'
import {
  type Connection,
  connect,
  DeadLetters,
  Producer,
  Worker,
  type WorkerEvents,
  workQueue,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

/** The least that RabbitMQ 4 takes. */
const FRAME_MAX = 8_192
/** What a frame has around what it holds. */
const FRAME_BYTES = 8
const SMALL = { config: [`frame_max = ${FRAME_MAX}`] }

const failing = workQueue('failing', {
  payload: tasks.payload,
  retry: { delaysMs: [50] },
  deadLetter: { stack: true },
})

/** Connects, and notes each loss of a link. */
async function connectNoting(url: string): Promise<{ rabbit: Connection; lost: string[] }> {
  const rabbit = await connect(url)
  onTestFinished(async () => await rabbit.close({ timeoutMs: 1_000 }))
  const lost: string[] = []
  rabbit.on('disconnected', ({ reason }) => lost.push(reason.message))
  return { rabbit, lost }
}

/** A worker whose attempts fail with a long text and a longer stack. */
async function failingWorker(rabbit: Connection): Promise<WorkerEvents['delivery.dead-lettered'][]> {
  const dead: WorkerEvents['delivery.dead-lettered'][] = []
  const worker = new Worker(rabbit, failing, () => {
    const error = new Error('why '.repeat(500))
    error.stack = 'at somewhere\n'.repeat(1_000)
    throw error
  })
  worker.on('delivery.dead-lettered', (event) => dead.push(event))
  await worker.start()
  return dead
}

/** The properties of the message of this number. */
async function find(channel: ConfirmChannel, n: number): Promise<MessageProperties> {
  for (;;) {
    const message = await channel.get('letters', { noAck: true })
    if (message === false) throw new Error(`there is no message ${n}`)
    if (JSON.parse(String(message.content)).n === n) return message.properties
  }
}

describe('where the broker takes small frames only', () => {
  test('a send whose headers do not fit is not sent, says why, and affects no other message', async ({
    startBroker,
  }) => {
    const broker = await startBroker(SMALL)
    const { rabbit, lost } = await connectNoting(broker.url)
    const producer = new Producer(rabbit, tasks)
    const sends = Array.from({ length: 30 }, (_, n) => producer.send({ n }))
    const large = producer.send({ n: 30 }, { headers: { blob: 'x'.repeat(12_000) } })
    await expect(large).rejects.toMatchObject({
      name: 'PublishError',
      outcome: 'not-sent',
      retryable: false,
      message: expect.stringContaining(`${FRAME_MAX}`),
    })
    await Promise.all(sends)
    expect(lost).toEqual([])
  })

  test('what fits to the byte is sent, and one byte more is not', async ({ startBroker }) => {
    const broker = await startBroker(SMALL)
    const { rabbit, lost } = await connectNoting(broker.url)
    const queue = workQueue('letters', { payload: tasks.payload, deadLetter: false, retry: false })
    const producer = new Producer(rabbit, queue)
    const send = async (bytes: number): Promise<boolean> =>
      await producer.send({ n: bytes }, { headers: { blob: 'é'.repeat(1_000) + 'x'.repeat(bytes) } }).then(
        () => true,
        () => false,
      )
    let [fits, tooLong] = [5_000, 7_000]
    while (tooLong - fits > 1) {
      const middle = Math.floor((fits + tooLong) / 2)
      if (await send(middle)) fits = middle
      else tooLong = middle
    }
    expect(lost).toEqual([])
    // The largest one that was stored fills its frame. RabbitMQ allows for the eight bytes around what a frame holds, which some
    // clients forget; another program that adds one more loses its connection over it.
    const raw = await connectRaw(broker.url)
    const closed = new Promise((resolve) => raw.on('error', resolve))
    const channel = await raw.createConfirmChannel()
    channel.on('error', () => undefined)
    const largest = await find(channel, fits)
    const publish = (more: string): void => {
      const blob = `${largest.headers?.blob}${more}`
      channel.sendToQueue('letters', Buffer.from('{}'), { ...largest, headers: { blob } })
    }
    publish('x'.repeat(FRAME_BYTES))
    await channel.waitForConfirms()
    publish('x'.repeat(FRAME_BYTES + 1))
    expect(String(await closed)).toContain('501')
  })

  test.for([100, 3_000, 6_500])(
    'a dead letter of a message with %i bytes of headers is kept with as much of its error as fits, and delays no other message',
    async (bytes, { startBroker }) => {
      const broker = await startBroker(SMALL)
      const { rabbit, lost } = await connectNoting(broker.url)
      const dead = await failingWorker(rabbit)
      await using other = await stranger(broker.url)
      const blob = 'x'.repeat(bytes)
      other.channel.sendToQueue('failing', Buffer.from('{"n":1}'), { headers: { blob }, messageId: 'm1' })
      const unrelated = new Producer(rabbit, tasks)
      for (let n = 0; n < 10; n += 1) await unrelated.send({ n }, { timeoutMs: 5_000 })
      await eventually(() => expect(dead).toMatchObject([{ messageId: 'm1', reason: 'attempts-exhausted' }]))
      const [letter] = await new DeadLetters(rabbit, failing).peek()
      expect(letter).toMatchObject({ messageId: 'm1', reason: 'attempts-exhausted', attempts: 2, headers: { blob } })
      expect(letter?.error?.name).toBe('Error')
      const kept = Buffer.byteLength(`${letter?.error?.message}${letter?.error?.stack ?? ''}`)
      // All but what names and the other headers take.
      expect(kept).toBeGreaterThan(FRAME_MAX - bytes - 800)
      expect(lost).toEqual([])
    },
  )

  test('a message whose copies cannot carry its headers is kept without the largest of them, and the letter says so', async ({
    startBroker,
  }) => {
    const broker = await startBroker(SMALL)
    const { rabbit, lost } = await connectNoting(broker.url)
    const dead = await failingWorker(rabbit)
    await using other = await stranger(broker.url)
    const headers = { tenant: 'acme', blob: 'x'.repeat(8_000), trace: 't'.repeat(100) }
    other.channel.sendToQueue('failing', Buffer.from('{"n":1}'), { headers, messageId: 'm1' })
    await eventually(() => expect(dead).toMatchObject([{ messageId: 'm1', reason: 'retry-impossible' }]))
    await using letters = new DeadLetters(rabbit, failing)
    const [letter] = await letters.peek()
    expect(letter).toMatchObject({
      messageId: 'm1',
      reason: 'retry-impossible',
      attempts: 1,
      queue: 'failing',
      exchange: '',
      routingKey: 'failing',
      error: { name: 'PublishError', message: expect.stringContaining(`${FRAME_MAX}`) },
      headers: { tenant: 'acme', trace: headers.trace, 'leveret-left-out': 'blob' },
    })
    expect(letter?.headers).not.toHaveProperty('blob')
    expect(await letters.replay()).toEqual({ replayed: 1, skipped: 0 })
    await eventually(() => expect(dead).toHaveLength(2))
    expect(lost).toEqual([])
  })

  test('an invalid payload with headers that fill their frame is kept, however many there are', async ({
    startBroker,
  }) => {
    const broker = await startBroker(SMALL)
    const { rabbit, lost } = await connectNoting(broker.url)
    const dead = await failingWorker(rabbit)
    await using other = await stranger(broker.url)
    const shapes = [
      { ['n'.repeat(200)]: 'x'.repeat(7_880) },
      Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`header-${n}`, 'x'.repeat(25)])),
      { deep: { list: Array.from({ length: 600 }, (_, n) => n % 7 === 0), texts: Array(160).fill('日本語 text') } },
      { numbers: Array.from({ length: 1_500 }, (_, n) => (n % 2 === 0 ? n : -n)), half: 0.5 },
    ]
    for (const [n, headers] of shapes.entries()) {
      other.channel.sendToQueue('failing', Buffer.from('no JSON'), { headers, messageId: `m${n}` })
    }
    await other.channel.waitForConfirms()
    await eventually(() => expect(dead).toHaveLength(shapes.length))
    expect(await new DeadLetters(rabbit, failing).peek()).toMatchObject(
      shapes.map(() => ({ reason: 'invalid-payload' })),
    )
    expect(lost).toEqual([])
  })
})
