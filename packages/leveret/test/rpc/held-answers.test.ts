import { describe, expect } from 'vitest'
import { type Connection, Producer, Worker } from '../../src/index.js'
import { type Spoiler, spoiler } from '../support/spoiler.js'
import { eventually, stable, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const SOON = { timeoutMs: 15_000 }
/** Nothing is asked again for lack of time. */
const PATIENT = { connectTimeoutMs: 120_000, publishTimeoutMs: 120_000 }
const BASIC = 60
const CONSUME_OK = 21
const ACK = 80
const NACK = 120
const FRAME_OVERHEAD = 8

/** Where the first frame of this method is. */
function find(bytes: Buffer, method: number): { at: number; end: number } | undefined {
  for (let at = 0; at + FRAME_OVERHEAD < bytes.length; ) {
    const end = at + bytes.readUInt32BE(at + 3) + FRAME_OVERHEAD
    const isBasic = bytes[at] === 1 && bytes.readUInt16BE(at + 7) === BASIC
    if (isBasic && bytes.readUInt16BE(at + 9) === method) return { at, end }
    at = end
  }
  return undefined
}

/** Takes the first frame of this method away, as a broker does that waits for a node that is gone. */
function holding(method: number): (bytes: Buffer) => Buffer | undefined {
  return (bytes) => {
    const frame = find(bytes, method)
    return frame && Buffer.concat([bytes.subarray(0, frame.at), bytes.subarray(frame.end)])
  }
}

/** Turns the first confirm into a refusal, as of a queue without a leader. Both have the same fields. */
function refusing(bytes: Buffer): Buffer | undefined {
  const frame = find(bytes, ACK)
  if (frame === undefined) return undefined
  const changed = Buffer.from(bytes)
  changed.writeUInt16BE(NACK, frame.at + 9)
  return changed
}

/** A producer on a link that has lasted, and the way to spoil and to cut that. */
async function sender(
  to: string,
  connectTo: (options: typeof PATIENT, url: string) => Promise<Connection>,
): Promise<Pick<Spoiler, 'spoil' | 'cut'> & { readonly producer: Producer<typeof tasks> }> {
  const { url, spoil, cut } = await spoiler(to)
  const producer = new Producer(await connectTo(PATIENT, url), tasks)
  await producer.send({ n: 0 })
  await stable()
  return { producer, spoil, cut }
}

describe('when the first answer after a lost connection is held back', () => {
  test('a worker asks again on a fresh channel, and is back', async ({ connectTo, vhost }) => {
    const { url, spoil, cut } = await spoiler(vhost.url)
    const rabbit = await connectTo(PATIENT, url)
    const seen: number[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.push(n))
    await worker.start()
    await stable()
    const attached = new Promise((resolve) => worker.on('channel.recovered', resolve))
    spoil(holding(CONSUME_OK))
    cut()
    let isBack = false
    void attached.then(() => {
      isBack = true
    })
    await eventually(() => expect(isBack).toBe(true), SOON)
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
  })

  test('what is sent goes again on a fresh channel, and only the first message is there twice', async ({
    connectTo,
    vhost,
  }) => {
    const { producer, spoil, cut } = await sender(vhost.url, connectTo)
    spoil(holding(ACK))
    cut()
    let settled = 0
    const sends = Array.from({ length: 100 }, async (_, n) => {
      await producer.send({ n: n + 1 })
      settled += 1
    })
    await eventually(() => expect(settled).toBe(100), SOON)
    await Promise.all(sends)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 102 }), SOON)
  })

  test('a message that is refused first, as by a queue without a leader, is sent again, and a second refusal is reported', async ({
    connectTo,
    vhost,
  }) => {
    const { producer, spoil, cut } = await sender(vhost.url, connectTo)
    spoil(refusing)
    cut()
    await producer.send({ n: 1 })
    spoil(refusing)
    await expect(producer.send({ n: 2 })).rejects.toMatchObject({ outcome: 'refused' })
  })
})
