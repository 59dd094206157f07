import type { GetMessage, Options } from 'amqplib'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { bytes, type Connection, type Delivery, Worker, workQueue } from '../../src/index.js'
import { long, publishRaw, table, tagged } from '../publishing/fuzz/wire.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

const raw = workQueue('raw', { payload: z.instanceof(Uint8Array), codec: bytes, retry: { delaysMs: [50] } })

/** What became of one message of another program whose handler failed twice. */
interface Story {
  readonly attempts: readonly { readonly delivery: Delivery; readonly content: string }[]
  readonly reason: string | undefined
  readonly letter: GetMessage
}

async function failTwice(rabbit: Connection, url: string, send: () => Promise<unknown>): Promise<Story> {
  const attempts: { delivery: Delivery; content: string }[] = []
  const reasons: string[] = []
  const worker = new Worker(rabbit, raw, (payload, delivery) => {
    attempts.push({ delivery, content: Buffer.from(payload).toString() })
    throw new Error('again')
  })
  worker.on('delivery.dead-lettered', ({ reason }) => reasons.push(reason))
  await worker.start()
  await send()
  await using other = await stranger(url)
  const letter = await eventually(async () => {
    const got = await other.channel.get('raw.dead-letter', { noAck: true })
    return got === false ? expect.unreachable('no dead letter yet') : got
  })
  // The event comes when the broker has the letter, which may be read first.
  await eventually(() => expect(reasons).toHaveLength(1))
  return { attempts, reason: reasons[0], letter }
}

async function sendRaw(url: string, options: Options.Publish, content = 'x'): Promise<void> {
  await using other = await stranger(url)
  other.channel.sendToQueue('raw', Buffer.from(content), options)
  await other.channel.waitForConfirms()
}

/** Without those that leveret wrote. */
function theirs(headers: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !/^(leveret|x)-/.test(name)))
}

test('a message without content or properties is worked on like any other, and gets an id with its first copy', async ({
  rabbit,
  vhost,
  broker,
}) => {
  const nothing = { routingKey: 'raw', payload: '', properties: {} }
  const send = (): Promise<boolean> => broker.management.publish(vhost.name, nothing)
  const { attempts, reason, letter } = await failTwice(rabbit, vhost.url, send)
  expect(attempts.map(({ content, delivery }) => [content, delivery.attempt])).toEqual([
    ['', 1],
    ['', 2],
  ])
  const [first, second] = attempts
  const none = { messageId: undefined, timestamp: undefined, correlationId: undefined, headers: {} }
  expect(first?.delivery).toMatchObject(none)
  expect(second?.delivery.messageId).toMatch(/^[0-9a-f-]{36}$/)
  expect(reason).toBe('attempts-exhausted')
  expect(letter.content).toHaveLength(0)
  expect(letter.properties).toMatchObject({ messageId: second?.delivery.messageId, timestamp: undefined })
})

describe('an id', () => {
  test.for(['42', 'i'.repeat(255), 'é日\u0000\n', 'null'])(
    'of any text is kept: %j',
    async (messageId, { rabbit, vhost }) => {
      const { attempts, letter } = await failTwice(rabbit, vhost.url, () => sendRaw(vhost.url, { messageId }))
      expect(attempts.map(({ delivery }) => delivery.messageId)).toEqual([messageId, messageId])
      expect(letter.properties.messageId).toBe(messageId)
    },
  )

  test('that is empty is none: two tasks must not be taken for one', async ({ rabbit, vhost }) => {
    const { attempts, letter } = await failTwice(rabbit, vhost.url, () => sendRaw(vhost.url, { messageId: '' }))
    const [first, second] = attempts.map(({ delivery }) => delivery.messageId)
    expect(first).toBeUndefined()
    expect(second).toMatch(/^[0-9a-f-]{36}$/)
    expect(letter.properties.messageId).toBe(second)
  })
})

describe('a timestamp', () => {
  test.for([
    [0, new Date(0)],
    [1_700_000_000, new Date(1_700_000_000_000)],
    [8_640_000_000_000, new Date(8_640_000_000_000_000)],
    [8_640_000_000_001, undefined],
    [2 ** 53, undefined],
    [2 ** 64 - 2 ** 11, undefined],
  ] as const)(
    'of %d is read as a date, or as none, and kept as it was',
    async ([timestamp, date], { rabbit, vhost }) => {
      const { attempts, letter } = await failTwice(rabbit, vhost.url, () => sendRaw(vhost.url, { timestamp }))
      expect(attempts.map(({ delivery }) => delivery.timestamp)).toEqual([date, date])
      expect(letter.properties.timestamp).toBe(timestamp)
    },
  )

  test('before 1970, which AMQP reads as the end of time, does not keep the task from its attempts', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const properties = { timestamp: -1, message_id: 'old' }
    const send = (): Promise<boolean> =>
      broker.management.publish(vhost.name, { routingKey: 'raw', payload: 'x', properties })
    const { attempts, reason } = await failTwice(rabbit, vhost.url, send)
    expect(attempts.map(({ delivery }) => delivery.timestamp)).toEqual([undefined, undefined])
    expect(reason).toBe('attempts-exhausted')
  })
})

describe('headers', () => {
  const rows: Record<string, unknown> = {
    texts: ['', 'é日', 'x'.repeat(1_000)],
    integers: [0, -1, 127, -128, 32_767, -32_769, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, 2 ** 62, -(2 ** 63)],
    doubles: [0.5, -1e-9, 1e300],
    others: [true, false, null],
    bytes: Buffer.from([0, 255, 1]),
    times: [{ '!': 'timestamp', value: 1_700_000_000 }],
    decimals: { '!': 'decimal', value: { digits: 314, places: 2 } },
    nested: { list: [[], [{}], { deeper: [{ n: 1 }] }], empty: {} },
    '': 'a name may be empty',
    ['n'.repeat(128)]: 'or long',
  }

  /** A number would round the last two. */
  const integersAsRead = (rows.integers as number[]).map((n) => (Number.isSafeInteger(n) ? n : BigInt(n)))

  test.for(Object.entries(rows))(
    'hold on every attempt what they held: %s',
    async ([name, value], { rabbit, vhost }) => {
      const headers = { [name]: value }
      const { attempts, reason, letter } = await failTwice(rabbit, vhost.url, () => sendRaw(vhost.url, { headers }))
      const read = { [name]: name === 'integers' ? integersAsRead : value }
      expect(attempts.map(({ delivery }) => theirs(delivery.headers))).toEqual([read, read])
      expect(theirs(letter.properties.headers)).toEqual(headers)
      expect(reason).toBe('attempts-exhausted')
    },
  )

  test('that amqplib can read and not write are copied all the same', async ({ rabbit, vhost }) => {
    const headers = { odd: { '!': 'double', value: -1e300 }, when: { '!': 'timestamp', value: 1 } }
    const { attempts, reason, letter } = await failTwice(rabbit, vhost.url, () => sendRaw(vhost.url, { headers }))
    const received = { odd: -1e300, when: { '!': 'timestamp', value: 1 } }
    expect(attempts.map(({ delivery }) => theirs(delivery.headers))).toEqual([received, received])
    expect(reason).toBe('attempts-exhausted')
    expect(theirs(letter.properties.headers)).toEqual(received)
    expect(letter.content.toString()).toBe('x')
  })

  test.for(['double', 'float64', 'float'])(
    'that look like a mark of amqplib’s of a %s and hold none are read, copied, and cost the connection nothing',
    async (type, { rabbit, vhost }) => {
      const losses: unknown[] = []
      rabbit.on('disconnected', (event) => losses.push(event))
      await using other = await stranger(vhost.url)
      const marked = table([
        ['!', tagged('S', long(Buffer.from(type)))],
        ['value', tagged('S', long(Buffer.from('none')))],
      ])
      const send = async (): Promise<void> => {
        const properties = { headers: table([['list', tagged('A', long(tagged('F', marked)))]]) }
        publishRaw(other.channel, {
          exchange: '',
          routingKey: Buffer.from('raw'),
          content: Buffer.from('x'),
          properties,
        })
      }
      const { attempts, reason, letter } = await failTwice(rabbit, vhost.url, send)
      const received = { list: [{ '!': type, value: 'none' }] }
      expect(attempts.map(({ delivery }) => theirs(delivery.headers))).toEqual([received, received])
      expect(reason).toBe('attempts-exhausted')
      expect(theirs(letter.properties.headers)).toEqual(received)
      expect(letter.content.toString()).toBe('x')
      expect(losses).toEqual([])
    },
  )
})
