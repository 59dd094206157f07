import type { Duplex } from 'node:stream'
import { type ConfirmChannel, connect } from 'amqplib'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { DeadLetters, Producer, Reject, Worker, workQueue } from '../../src/index.js'
import { long, publishRaw, shortText, table, tagged, unsigned } from '../publishing/fuzz/wire.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatBE(value)
  return bytes
}

const WIDE = 9_007_199_254_740_993n
const text = (value: string): Buffer => tagged('S', long(Buffer.from(value)))

/** Every type that RabbitMQ knows, each with a value that amqplib would write in another one. */
const FIELDS: readonly (readonly [name: string, field: Buffer])[] = [
  ['wide', tagged('l', int64(WIDE))],
  ['least', tagged('l', int64(-(2n ** 63n)))],
  ['narrow', tagged('l', int64(7n))],
  ['int', tagged('I', unsigned(4, 1))],
  ['unsigned', tagged('i', unsigned(4, 2))],
  ['short', tagged('s', unsigned(2, 3))],
  ['byte', tagged('b', unsigned(1, 4))],
  ['whole', tagged('d', double(3))],
  ['double', tagged('d', double(0.1))],
  ['float', tagged('f', float(0.5))],
  ['decimal', tagged('D', Buffer.from([2, 0, 0, 1, 58]))],
  ['time', tagged('T', int64(1_800_000_000n))],
  ['bytes', tagged('x', long(Buffer.from([0, 255, 128])))],
  ['text', text('é')],
  ['no text', tagged('S', long(Buffer.from([0xff, 0xfe])))],
  ['yes', tagged('t', Buffer.from([1]))],
  ['nothing', tagged('V', Buffer.alloc(0))],
  ['list', tagged('A', long(Buffer.concat([tagged('I', unsigned(4, 5)), tagged('l', int64(WIDE)), text('a')])))],
  ['inside', tagged('F', table([['deeper', tagged('F', table([['wide', tagged('l', int64(WIDE))]]))]]))],
  // What amqplib would take for its own mark of a type.
  [
    'mark',
    tagged(
      'F',
      table([
        ['!', text('double')],
        ['value', text('none')],
      ]),
    ),
  ],
  ['x-b3-traceid', text('463ac35c')],
]

/** Headers for which RabbitMQ 4.4 hides a message. */
const HIDING: readonly (readonly [name: string, field: Buffer])[] = [
  ['x-opt-delivery-time', tagged('l', int64(4_000_000_000_000n))],
  ['x-opt-deferral-token', text('token')],
]

const payload = z.looseObject({ n: z.int() })

describe.for(['quorum', 'classic'] as const)('headers of other programs, in a %s queue,', (type) => {
  const contract = workQueue('typed', { payload, queue: { type }, retry: { delaysMs: [50] } })

  test.for([
    ['a small message', 10],
    ['one of several frames', 300_000],
  ] as const)(
    'are byte for byte what came, after a retry, as a dead letter, replayed and moved: %s',
    async ([_what, size], { rabbit, vhost }) => {
      const content = Buffer.from(JSON.stringify({ n: 1, filler: 'x'.repeat(size) }))
      const attempts: number[] = []
      const worker = new Worker(rabbit, contract, (_task, { attempt }) => {
        attempts.push(attempt)
        if (attempt === 1) throw new Error('again')
        throw new Reject('for good')
      })
      await worker.start()
      await using tap = await tapOn(vhost.url)
      publishRaw(tap.channel, {
        exchange: '',
        routingKey: Buffer.from('typed'),
        content,
        properties: { headers: table([...FIELDS, ...HIDING]), messageId: shortText('m1'), type: shortText('t') },
      })
      await using letters = new DeadLetters(rabbit, contract)
      await eventually(async () => expect(await letters.count()).toBe(1))
      await worker.close()
      expect(attempts).toEqual([1, 2])
      expect(await tap.fieldsIn('typed.dead-letter', content)).toEqual(expected())
      // Past the worker: the replayed message itself.
      expect(await letters.replay()).toMatchObject({ replayed: 1 })
      expect(await tap.fieldsIn('typed', content)).toEqual(expected())
      const again = new Worker(rabbit, contract, () => Promise.reject(new Reject('for good')))
      await again.start()
      await eventually(async () => expect(await letters.count()).toBe(1))
      await again.close()
      await tap.channel.assertQueue('parked')
      expect(await letters.move({ to: 'parked' })).toMatchObject({ moved: 1 })
      expect(await tap.fieldsIn('parked', content)).toEqual(expected())
    },
  )

  test('are a bigint for a handler where a number would be rounded, and else a number', async ({ rabbit, vhost }) => {
    const seen: unknown[] = []
    await using worker = new Worker(rabbit, contract, (_task, { headers, attempt }) => {
      seen.push(headers)
      if (attempt < 2) throw new Error('again')
      throw new Reject('for good')
    })
    await worker.start()
    await using other = await stranger(vhost.url)
    publishRaw(other.channel, {
      exchange: '',
      routingKey: Buffer.from('typed'),
      content: Buffer.from('{"n":1}'),
      properties: { headers: table(FIELDS) },
    })
    const read = {
      wide: WIDE,
      least: -(2n ** 63n),
      narrow: 7,
      whole: 3,
      list: [5, WIDE, 'a'],
      inside: { deeper: { wide: WIDE } },
    }
    await eventually(() => expect(seen).toHaveLength(2))
    expect(seen).toMatchObject([read, read])
    await using letters = new DeadLetters(rabbit, contract)
    await eventually(async () => expect(await letters.peek()).toMatchObject([{ headers: read }]))
  })
})

test('a bigint is sent as 64 bits, at any depth', async ({ rabbit, vhost }) => {
  const contract = workQueue('wide', { payload })
  await using tap = await tapOn(vhost.url)
  const producer = new Producer(rabbit, contract)
  await producer.send({ n: 1 }, { headers: { wide: WIDE, list: [WIDE], small: 1n } })
  expect(await tap.fieldsIn('wide')).toEqual({
    wide: tagged('l', int64(WIDE)).toString('hex'),
    list: tagged('A', long(tagged('l', int64(WIDE)))).toString('hex'),
    small: tagged('l', int64(1n)).toString('hex'),
  })
  const sending = producer.send({ n: 1 }, { headers: { wide: 2n ** 63n } })
  await expect(sending).rejects.toMatchObject({ name: 'OptionsError', message: expect.stringContaining('64 bits') })
})

function expected(): Record<string, string> {
  return Object.fromEntries(FIELDS.map(([name, field]) => [name, field.toString('hex')]))
}

/** Another program that sees the bytes that come. */
interface Tap extends AsyncDisposable {
  readonly channel: ConfirmChannel
  /** Looks at a message. @returns its headers that are not leveret's, each in hex from the letter of its type on */
  fieldsIn(queue: string, content?: Buffer): Promise<Record<string, string>>
}

const HEADER_FRAME = 2

async function tapOn(url: string): Promise<Tap> {
  const model = await connect(url)
  const { stream } = model.connection as unknown as { stream: Duplex }
  let received = Buffer.alloc(0)
  const { read } = stream
  stream.read = (...size) => {
    const chunk: Buffer | null = read.apply(stream, size)
    if (chunk !== null) received = Buffer.concat([received, chunk])
    return chunk
  }
  const channel = await model.createConfirmChannel()
  return {
    channel,
    async fieldsIn(queue, content) {
      const message = await eventually(async () => {
        received = Buffer.alloc(0)
        const found = await channel.get(queue)
        if (found === false) throw new Error(`nothing in ${queue}`)
        channel.nack(found, false, true)
        return found
      })
      if (content !== undefined) expect(message.content.equals(content)).toBe(true)
      return fieldsOf(received, message.properties.contentType)
    },
    [Symbol.asyncDispose]: async () => await model.close(),
  }
}

function fieldsOf(frames: Buffer, contentType: string | undefined): Record<string, string> {
  let at = 0
  while (frames[at] !== HEADER_FRAME) at += 8 + frames.readUInt32BE(at + 3)
  let offset = at + 7 + 14 + (contentType === undefined ? 0 : 1 + Buffer.byteLength(contentType))
  const end = offset + 4 + frames.readUInt32BE(offset)
  offset += 4
  const fields: Record<string, string> = {}
  while (offset < end) {
    const name = frames.toString('utf8', offset + 1, offset + 1 + (frames[offset] ?? 0))
    offset += 1 + (frames[offset] ?? 0)
    const length = lengthOf(frames, offset)
    if (!name.startsWith('leveret-') && !/^x-(death|first-|last-|delivery-count|acquired-count)/.test(name))
      fields[name] = frames.toString('hex', offset, offset + length)
    offset += length
  }
  return fields
}

function lengthOf(bytes: Buffer, offset: number): number {
  const tag = String.fromCharCode(bytes[offset] ?? 0)
  const fixed = { b: 2, B: 2, t: 2, s: 3, u: 3, I: 5, i: 5, f: 5, D: 6, d: 9, l: 9, T: 9, V: 1 }[tag]
  return fixed ?? 5 + bytes.readUInt32BE(offset + 1)
}
