import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished } from 'vitest'
import { type Connection, type Diagnostics, Producer, Worker } from '../../../src/index.js'
import { spoiler } from '../../support/spoiler.js'
import { eventually, firstEvent, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

const DELIVER = Buffer.from([0, 60, 0, 60])
const CANCEL = Buffer.from([0, 60, 0, 30])

/** The first `basic.deliver` in it is for an unknown consumer. */
function misdirected(bytes: Buffer): Buffer | undefined {
  const at = bytes.indexOf(DELIVER)
  if (at < 0) return undefined
  const changed = Buffer.from(bytes)
  // A tag is `leveret-` and a UUID.
  changed.write('elsewhere', at + DELIVER.length + 1)
  return changed
}

/** A delivery of the queue `x` on channel 1, to an unknown consumer, in front of what comes. */
function uncalledFor(bytes: Buffer): Buffer {
  const tag = shortText('nobody')
  const deliver = [DELIVER, tag, Buffer.alloc(8), Buffer.from([0]), shortText(''), shortText('x')]
  const header = [Buffer.from([0, 60, 0, 0]), Buffer.alloc(7), Buffer.from([1, 0, 0])]
  return Buffer.concat([frame(1, deliver), frame(2, header), frame(3, [Buffer.from('x')]), bytes])
}

/** The header of a message of which there is nothing else, on channel 1, in front of what comes. */
function uncalledForHeader(bytes: Buffer): Buffer {
  return Buffer.concat([frame(2, [Buffer.from([0, 60, 0, 0]), Buffer.alloc(7), Buffer.from([1, 0, 0])]), bytes])
}

/** A cancel of an unknown consumer, on channel 1, in front of what comes. */
function uncalledForCancel(bytes: Buffer): Buffer {
  return Buffer.concat([frame(1, [CANCEL, shortText('nobody'), Buffer.from([1])]), bytes])
}

function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])
}

function frame(type: number, parts: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(parts)
  const head = Buffer.from([type, 0, 1, 0, 0, 0, 0])
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}

/** Why channels of a connection were lost, by their purpose. */
function lostChannels(connection: string): [purpose: string, reason: unknown][] {
  const lost: [string, unknown][] = []
  const listener = (message: unknown): void => {
    const { connection: name, purpose, reason } = message as Diagnostics['channel-lost']
    if (name === connection) lost.push([purpose, reason])
  }
  subscribe('leveret:channel-lost', listener)
  onTestFinished(() => void unsubscribe('leveret:channel-lost', listener))
  return lost
}

const STRANGE = { name: 'ConnectionError', reason: 'protocol', retryable: true }

describe('a delivery to an unknown consumer', () => {
  test('ends its channel, and is delivered again on a fresh one', async ({ connectTo, rabbit, vhost }) => {
    const { url, spoil } = await spoiler(vhost.url)
    const consuming: Connection = await connectTo({}, url)
    const disconnected: unknown[] = []
    consuming.on('disconnected', (event) => disconnected.push(event))
    const seen: number[] = []
    const worker = new Worker(consuming, tasks, ({ n }) => void seen.push(n))
    await worker.start()
    const lost = firstEvent(worker, 'channel.lost')
    spoil(misdirected)
    const producer = new Producer(rabbit, tasks)
    for (let n = 1; n <= 20; n += 1) await producer.send({ n })
    const { reason } = await lost
    expect(reason).toMatchObject({ ...STRANGE, message: expect.stringContaining('elsewhere') })
    await eventually(() => expect(new Set(seen).size).toBe(20))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(disconnected).toEqual([])
  })

  test('which is the first of its channel, does not leave a worker standing', async ({ connectTo, rabbit, vhost }) => {
    const producer = new Producer(rabbit, tasks)
    for (let n = 1; n <= 3; n += 1) await producer.send({ n })
    const { url, spoil } = await spoiler(vhost.url)
    const consuming = await connectTo({}, url)
    const seen: number[] = []
    const worker = new Worker(consuming, tasks, ({ n }) => void seen.push(n))
    spoil(misdirected)
    await worker.start()
    await eventually(() => expect([...new Set(seen)].sort()).toEqual([1, 2, 3]))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('on the channel that publishes ends that, and what was on its way is confirmed on the next one', async ({
    connectTo,
    vhost,
  }) => {
    const { url, spoil } = await spoiler(vhost.url)
    const rabbit = await connectTo({ name: vhost.name }, url)
    const lost = lostChannels(vhost.name)
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    spoil(uncalledFor)
    await Promise.all(Array.from({ length: 100 }, (_, n) => producer.send({ n: n + 1 })))
    await eventually(() => expect(lost).toMatchObject([['publishing', STRANGE]]))
    await producer.send({ n: 101 })
    expect(rabbit.health()).toMatchObject({ ready: true })
  })
})

test('a part of no message ends its channel, and unsettled deliveries are delivered again', async ({
  connectTo,
  rabbit,
  vhost,
}) => {
  const { url, spoil } = await spoiler(vhost.url)
  const consuming = await connectTo({}, url)
  const seen: number[] = []
  const worker = new Worker(consuming, tasks, ({ n }) => void seen.push(n))
  await worker.start()
  const lost = firstEvent(worker, 'channel.lost')
  spoil(uncalledForHeader)
  const producer = new Producer(rabbit, tasks)
  for (let n = 1; n <= 20; n += 1) await producer.send({ n })
  expect(await lost).toMatchObject({ reason: STRANGE })
  await eventually(() => expect(new Set(seen).size).toBe(20))
  await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
})

test('a cancel of an unknown consumer ends its channel too', async ({ connectTo, vhost }) => {
  const { url, spoil } = await spoiler(vhost.url)
  const rabbit = await connectTo({ name: vhost.name }, url)
  const lost = lostChannels(vhost.name)
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 0 })
  spoil(uncalledForCancel)
  await producer.send({ n: 1 })
  await eventually(() => expect(lost).toMatchObject([['publishing', STRANGE]]))
  await producer.send({ n: 2 })
})
