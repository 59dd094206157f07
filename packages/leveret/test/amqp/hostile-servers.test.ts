import { describe, expect } from 'vitest'
import { connect, LeveretError, Producer, Worker } from '../../src/index.js'
import { Random } from '../support/random.js'
import { serve } from '../support/serve.js'
import { spoiler } from '../support/spoiler.js'
import { eventually, firstEvent, tasks, test } from '../support/support.js'
import { forbidSurprises, settled } from '../support/surprises.js'

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 32)
const HASTY = { startupTimeoutMs: 500, connectTimeoutMs: 400 }
const MiB = 1024 * 1024

forbidSurprises()

function frame(type: number, size: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7)
  head[0] = type
  head.writeUInt32BE(size, 3)
  return Buffer.concat([head, payload])
}

const tooDeep = Buffer.concat(
  Array.from({ length: 20_000 }, (_, level) => Buffer.concat([Buffer.from([0, 0x46]), lengthOf((19_999 - level) * 6)])),
)

function lengthOf(size: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(size)
  return length
}

/** Answers of a server that is broken or hostile. */
const ANSWERS: readonly (readonly [what: string, answer: (random: Random) => Buffer])[] = [
  ['random bytes', (random) => random.bytes(4_096)],
  ['zeros', () => Buffer.alloc(MiB)],
  ['a frame of 2 GiB', () => frame(1, 2 ** 31 - 1, Buffer.alloc(64))],
  ['a frame of 4 GiB', () => frame(1, 2 ** 32 - 1, Buffer.alloc(64))],
  ['a frame of no type', () => frame(9, 4, Buffer.from([0, 10, 0, 10, 0xce]))],
  ['a frame without its end', () => frame(1, 4, Buffer.from([0, 10, 0, 10, 0]))],
  ['an empty method', () => frame(1, 0, Buffer.from([0xce]))],
  ['a method that there is not', () => frame(1, 4, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xce]))],
  ['the header of another protocol', () => Buffer.from('AMQP\u0003\u0001\u0000\u0000')],
  ['a greeting in HTTP', () => Buffer.from(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(MiB)}`)],
  [
    'a table in a table in a table …',
    () => {
      const start = Buffer.concat([Buffer.from([0, 10, 0, 10, 0, 9]), lengthOf(tooDeep.length), tooDeep])
      return Buffer.concat([frame(1, start.length, start), Buffer.from([0xce])])
    },
  ],
]

describe('a server that answers the first bytes with', () => {
  test.for(ANSWERS)('%s is one typed error, in time', async ([_what, answer]) => {
    const random = new Random(SEED)
    const port = await serve((socket) => socket.write(answer(random)))
    const before = process.memoryUsage().rss
    const error: unknown = await connect(`amqp://127.0.0.1:${port}`, HASTY).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'ConnectionError',
      reason: expect.stringMatching(/protocol|timeout|unreachable/),
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MiB)
  })

  test('bytes without an end is left before they fill the memory', async () => {
    let sent = 0
    const port = await serve((socket) => {
      const pour = (): void => {
        while (socket.writable && socket.write(Buffer.alloc(64 * 1024, 1))) sent += 64 * 1024
      }
      socket.on('drain', pour)
      socket.once('data', pour)
    })
    await expect(connect(`amqp://127.0.0.1:${port}`, HASTY)).rejects.toBeInstanceOf(LeveretError)
    expect(sent).toBeLessThan(64 * MiB)
  })
})

test('bytes changed on the way crash nothing and leave no send unsettled, and the next link is sound', async ({
  connectTo,
  vhost,
}) => {
  const random = new Random(SEED)
  console.log(`LEVERET_SEED=${SEED}`)
  const { url, spoil, cut } = await spoiler(vhost.url)
  const rabbit = await connectTo({ heartbeatMs: 1_000, publishTimeoutMs: 1_500, connectTimeoutMs: 1_000 }, url)
  const seen = new Set<number>()
  await new Worker(rabbit, tasks, ({ n }) => void seen.add(n)).start()
  const producer = new Producer(rabbit, tasks)
  const outcomes: string[] = []
  for (let round = 0; round < 25; round += 1) {
    spoil((bytes) => spoilt(random, bytes))
    outcomes.push(await settled(producer.send({ n: round })))
    // What is taken for the length of a frame may be waited for as long as heartbeats come. TCP or TLS would have noticed.
    if (outcomes.at(-1) === 'failed') cut()
  }
  expect(new Set(outcomes)).toEqual(new Set(['done', 'failed']))
  cut()
  await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }), { timeoutMs: 40_000 })
  await eventually(async () => await producer.send({ n: 1_000 }), { timeoutMs: 40_000 })
  await eventually(() => expect(seen).toContain(1_000), { timeoutMs: 40_000 })
}, 180_000)

test.for([2 ** 31, 2 ** 52])(
  'a confirm of %d messages that were never sent ends the link, and does not stop the process',
  async (tag, { connectTo, vhost }) => {
    const { url, spoil } = await spoiler(vhost.url)
    const rabbit = await connectTo({}, url)
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    const lost = firstEvent(rabbit, 'disconnected')
    spoil((bytes) => confirming(tag, bytes))
    await producer.send({ n: 1 })
    const { reason } = await lost
    expect(reason).toMatchObject({ name: 'ConnectionError', reason: 'protocol' })
  },
)

/** The first `basic.ack` in it is for another message. */
function confirming(tag: number, bytes: Buffer): Buffer {
  const at = bytes.indexOf(Buffer.from([0, 60, 0, 80]))
  expect(at).toBeGreaterThan(0)
  const changed = Buffer.from(bytes)
  changed.writeBigUInt64BE(BigInt(tag), at + 4)
  return changed
}

/** One byte is another, or there are more than there were. */
function spoilt(random: Random, bytes: Buffer): Buffer {
  if (random.chance(0.2)) return Buffer.concat([random.bytes(1 + random.below(64)), bytes])
  const changed = Buffer.from(bytes)
  changed[random.below(changed.length)] = random.chance(0.3) ? 0xff : random.below(256)
  return changed
}
