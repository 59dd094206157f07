import { describe, expect } from 'vitest'
import { z } from 'zod'
import { bytes, fanoutExchange, Producer, Publisher, type SendOptions, workQueue } from '../../src/index.js'
import { Random } from '../support/random.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000)
const COUNT = 600
/** A classic queue: since 4.0 a quorum queue delivers a high priority first. */
const raw = workQueue('raw', { payload: z.instanceof(Uint8Array), codec: bytes, queue: { type: 'classic' } })

/** Around what goes in one piece, around a frame of 128 KiB, and small ones. */
const SIZES = [0, 1, 200, 16_000, 16_100, 16_384, 17_000, 131_064, 131_072, 140_000]
const TEXTS = ['', 'plain', 'grüße', '兎', '🐇'.repeat(20), 'x'.repeat(255)]

interface Made {
  readonly content: Buffer<ArrayBuffer>
  readonly options: SendOptions & { readonly messageId: string }
}

function make(random: Random, n: number): Made {
  const text = (): string => TEXTS[random.below(TEXTS.length)] ?? ''
  const value = (): unknown => [text(), n, -1.5, true, null, { nested: [text()] }, Buffer.from(text())][random.below(7)]
  const maybe = <T>(make: () => T): T | undefined => (random.chance(0.5) ? make() : undefined)
  // Rarely a large one: they all go at once.
  const size = random.chance(0.1) ? SIZES[random.below(SIZES.length)] : SIZES[random.below(3)]
  const headers = maybe(() => {
    const only = random.chance(0.5) ? text : value
    return Object.fromEntries(
      Array.from({ length: random.below(4) }, (_, index) => [`h${index}-${index === 2 ? '兎' : ''}`, only()]),
    )
  })
  return {
    content: Buffer.alloc(size ?? 0, n % 256),
    options: {
      messageId: `${n} ${[...text()].slice(0, 20).join('')}`,
      ...defined({
        correlationId: maybe(text),
        headers,
        priority: maybe(() => random.below(256)),
        expirationMs: maybe(() => 60_000 + random.below(1_000_000)),
      }),
    },
  }
}

/** Without those of a quorum queue. */
function ours(headers: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !name.startsWith('x-')))
}

function defined<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof defined<T>
  >
}

describe('what is on the wire', () => {
  test(`is what was sent, in its order, whatever forms its messages have (seed ${SEED})`, async ({ rabbit, vhost }) => {
    const random = new Random(SEED)
    const made = Array.from({ length: COUNT }, (_, n) => make(random, n))
    const producer = new Producer(rabbit, raw)
    await Promise.all(made.map(({ content, options }) => producer.send(content, options)))
    await using other = await stranger(vhost.url)
    for (const { content, options } of made) {
      const got = await other.channel.get('raw', { noAck: true })
      if (got === false) expect.unreachable('one is missing')
      expect(got.content.equals(content), `the content of ${options.messageId}`).toBe(true)
      const { messageId, correlationId, headers, priority, expiration } = got.properties
      const { expirationMs } = options
      expect({ messageId, correlationId, headers: ours(headers), priority, expiration }).toEqual({
        messageId: options.messageId,
        correlationId: options.correlationId,
        headers: options.headers ?? {},
        priority: options.priority,
        expiration: expirationMs === undefined ? undefined : String(expirationMs),
      })
      expect(got.properties).toMatchObject({ deliveryMode: 2, contentType: 'application/octet-stream' })
      expect(Math.abs(got.properties.timestamp - Date.now() / 1_000)).toBeLessThan(600)
    }
  })

  test('has names of any length that AMQP allows', async ({ rabbit, vhost }) => {
    const name = '兎'.repeat(85)
    const events = fanoutExchange(name, { payload: z.string() })
    const publisher = new Publisher(rabbit, events)
    expect(await publisher.publish('to no queue')).toMatchObject({ routed: false })
    await using other = await stranger(vhost.url)
    const { queue } = await other.channel.assertQueue('')
    await other.channel.bindQueue(queue, name, '')
    expect(await publisher.publish('to one')).toMatchObject({ routed: true })
    await eventually(async () => expect(await other.channel.get(queue)).toMatchObject({ fields: { exchange: name } }))
  })
})
