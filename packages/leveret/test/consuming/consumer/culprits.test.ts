import { describe, expect } from 'vitest'
import { Producer, Worker } from '../../../src/index.js'
import { spoiler } from '../../support/spoiler.js'
import { eventually, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

const ACK = Buffer.from([0, 60, 0, 80])

/** Where the broker would confirm a message, it closes the connection instead. */
function closing(replyCode: number, times: number): (bytes: Buffer) => Buffer | undefined {
  let left = times
  return (bytes) => {
    if (!bytes.includes(ACK)) return undefined
    left -= 1
    return left < 0 ? undefined : connectionClose(replyCode)
  }
}

function connectionClose(replyCode: number): Buffer {
  const text = Buffer.from('made up')
  const payload = Buffer.concat([
    Buffer.from([0, 10, 0, 50, replyCode >> 8, replyCode & 0xff, text.length]),
    text,
    Buffer.from([0, 0, 0, 0]),
  ])
  const head = Buffer.from([1, 0, 0, 0, 0, 0, payload.length])
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}

const REFUSED = { name: 'PublishError', outcome: 'refused', retryable: false }

describe('a message that was alone on its way when the broker closed the connection', () => {
  test.for([501, 502, 505])('with %i, an error of frames, is refused for good', async (code, { connectTo, vhost }) => {
    const { url, spoil } = await spoiler(vhost.url)
    const rabbit = await connectTo({}, url)
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    spoil(closing(code, 1))
    await expect(producer.send({ n: 1 })).rejects.toMatchObject(REFUSED)
    await producer.send({ n: 2 })
  })

  test('with 541, which may have come from elsewhere, is sent again, and refused for good the second time', async ({
    connectTo,
    vhost,
  }) => {
    const { url, spoil } = await spoiler(vhost.url)
    const rabbit = await connectTo({}, url)
    const lost: unknown[] = []
    rabbit.on('disconnected', (event) => lost.push(event))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    spoil(closing(541, 1))
    await producer.send({ n: 1 })
    expect(lost).toHaveLength(1)
    spoil(closing(541, 1))
    const sending = producer.send({ n: 2 })
    await eventually(() => expect(lost).toHaveLength(2))
    spoil(closing(541, 1))
    await expect(sending).rejects.toMatchObject(REFUSED)
    expect(lost).toHaveLength(3)
    await producer.send({ n: 3 })
  })

  test('is not sent again without end, also when it is a copy that has no time limit', async ({
    connectTo,
    rabbit,
    vhost,
  }) => {
    const { url, spoil } = await spoiler(vhost.url)
    const working = await connectTo({}, url)
    const told: unknown[] = []
    const worker = new Worker(working, tasks, () => {
      throw new Error('no')
    })
    worker.on('delivery.retried', ({ messageId }) => told.push(['retried', messageId]))
    worker.on('delivery.dead-lettered', ({ messageId, reason }) => told.push([reason, messageId]))
    await worker.start()
    spoil(closing(501, 1))
    const { messageId } = await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(told[0]).toEqual(['retry-impossible', messageId]), { timeoutMs: 20_000 })
    expect(working.health()).toMatchObject({ ready: true })
  })
})

test('of many on their way when the broker closes the connection with 541, all are stored', async ({
  connectTo,
  vhost,
}) => {
  const { url, spoil } = await spoiler(vhost.url)
  const rabbit = await connectTo({}, url)
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 0 })
  spoil(closing(541, 1))
  await Promise.all(Array.from({ length: 50 }, (_, n) => producer.send({ n: n + 1 })))
})
