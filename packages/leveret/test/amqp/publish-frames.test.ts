import { PassThrough } from 'node:stream'
import type { Channel, Message, Options } from 'amqplib'
import { expect } from 'vitest'
import { AckFrame } from '../../src/amqp/frames/ack-frame.js'
import { PublishFrames } from '../../src/amqp/frames/publish-frames.js'
import { SocketBatcher } from '../../src/amqp/frames/socket-batcher.js'
import type { OutgoingMessage } from '../../src/message/message.js'
import { Random } from '../support/random.js'
import { stranger } from '../support/stranger.js'
import { test } from '../support/support.js'

const CASES = 2_000

test('what is written without amqplib is, byte for byte, what amqplib writes', async ({ vhost }) => {
  await using other = await stranger(vhost.url)
  const byAmqplib = recorder(other.channel)
  const { ch, connection } = other.channel as unknown as { ch: number; connection: { frameMax: number } }
  const socket = new PassThrough()
  const frames = new PublishFrames(new SocketBatcher(socket), ch, connection.frameMax)
  const random = new Random(20_261_121)
  for (let n = 0; n < CASES; n += 1) {
    const message = randomMessage(random)
    expect(frames.write(message)).toBe(true)
    expect(await readAll(socket)).toEqual(byAmqplib(message))
  }
})

test('so are acks', async ({ vhost }) => {
  await using other = await stranger(vhost.url)
  // The broker would close the channel over these tags.
  const written = recorded(other.channel, 'withheld')
  const { ch } = other.channel as unknown as { ch: number }
  const socket = new PassThrough()
  const acks = new AckFrame(new SocketBatcher(socket), ch)
  const tags = [1, 255, 256, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER]
  for (const tag of tags) {
    for (const multiple of [false, true]) {
      expect(acks.write(tag, multiple)).toBe(true)
      await new Promise((resolve) => setImmediate(resolve))
      other.channel.ack({ fields: { deliveryTag: tag } } as Message, multiple)
      expect(socket.read()).toEqual(Buffer.concat(written.splice(0)))
    }
  }
})

test('what it has no form for is left to amqplib', () => {
  const frames = new PublishFrames(new SocketBatcher(new PassThrough()), 1, 4_096)
  const plain: OutgoingMessage = {
    exchange: '',
    routingKey: 'tasks',
    content: Buffer.from('{}'),
    mandatory: true,
    properties: { messageId: 'a' },
  }
  const withHeader = (value: unknown): OutgoingMessage => ({
    ...plain,
    properties: { messageId: 'a', headers: { value } },
  })
  const others = [undefined, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, [], {}, Buffer.from('a')]
  expect(others.filter((value) => frames.write(withHeader(value)))).toEqual([])
  expect(frames.write(withHeader('x'.repeat(2_000)))).toBe(false)
  expect(frames.write({ ...plain, routingKey: 'é'.repeat(128) })).toBe(false)
  expect(frames.write({ ...plain, properties: { messageId: 'a', type: 'é'.repeat(128) } })).toBe(false)
  expect(frames.write(plain)).toBe(true)
})

/** Reads what was written in this turn. A stream gives out what is larger than its buffer bit by bit. */
async function readAll(socket: PassThrough): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve))
    const chunk: Buffer | null = socket.read()
    if (chunk === null) return Buffer.concat(chunks)
    chunks.push(chunk)
  }
}

/** @returns what amqplib writes for a message, which it publishes too */
function recorder(channel: Channel): (message: OutgoingMessage) => Buffer {
  const written = recorded(channel)
  return ({ exchange, routingKey, content, properties, mandatory }) => {
    channel.publish(exchange, routingKey, content, { ...properties, mandatory } as Options.Publish)
    return Buffer.concat(written.splice(0))
  }
}

/** @returns the chunks that amqplib writes on a channel from now on */
function recorded(channel: Channel, how: 'sent' | 'withheld' = 'sent'): Buffer[] {
  const { ch, connection } = channel as unknown as {
    ch: number
    connection: { channels: { buffer: { write(chunk: Buffer): boolean } }[] }
  }
  const outlet = connection.channels[ch]?.buffer
  if (outlet === undefined) throw new Error('amqplib keeps its channels elsewhere by now')
  const written: Buffer[] = []
  const { write } = outlet
  outlet.write = (chunk) => {
    written.push(Buffer.from(chunk))
    return how === 'withheld' || write.call(outlet, chunk)
  }
  return written
}

const COUNTS = [0, 1, 127, 128, 32_767, 32_768, 2 ** 31 - 1, 2 ** 31, 1_795_000_000_000, Number.MAX_SAFE_INTEGER]
/** Around the largest content that is copied, and around one and two frames. */
const LENGTHS = [16_000, 16_384, 16_385, 70_000, 131_064, 131_065, 262_128, 262_129]
const TEXTS = ['', 'a', 'order.eu.shipped', 'é∑🐇', '\u0000', 'x'.repeat(250)]

function randomMessage(random: Random): OutgoingMessage {
  const text = (): string => random.pick(TEXTS)
  const perhaps = <T>(value: T): T | undefined => (random.chance(0.5) ? value : undefined)
  const header = (): [string, unknown] => [
    text(),
    random.chance(0.7) ? random.pick([...COUNTS, true, false, null]) : text(),
  ]
  return {
    // The default exchange: the broker must not close the channel over any of them.
    exchange: '',
    routingKey: text(),
    content: random.chance(0.01) ? Buffer.alloc(random.pick(LENGTHS), 'leveret') : Buffer.from(text()),
    mandatory: random.chance(0.5),
    properties: {
      messageId: text(),
      contentType: perhaps(text()),
      headers: perhaps(Object.fromEntries(Array.from({ length: random.below(4) }, header))),
      deliveryMode: perhaps(random.below(2) + 1),
      priority: perhaps(random.below(256)),
      correlationId: perhaps(text()),
      replyTo: perhaps(text()),
      expiration: perhaps(String(random.below(100_000))),
      timestamp: perhaps(random.pick(COUNTS)),
      contentEncoding: perhaps(text()),
      type: perhaps(text()),
      // RabbitMQ checks it.
      userId: perhaps('guest'),
      appId: perhaps(text()),
    },
  }
}
