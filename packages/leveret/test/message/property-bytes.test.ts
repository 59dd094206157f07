import type { Options } from 'amqplib'
import { describe, expect } from 'vitest'
import type { MessageProperties } from '../../src/message/message.js'
import { propertyBytes } from '../../src/message/property-bytes.js'
import { Random } from '../support/random.js'
import { stranger } from '../support/stranger.js'
import { test } from '../support/support.js'

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 32)

/** Everything that amqplib can write, each in every size that it has. */
const VALUES: readonly unknown[] = [
  ...['', 'x', 'é', '日本語', '😀', 'x'.repeat(1_000)],
  ...[0, 127, 128, -128, -129, 32_767, 32_768, -32_768, -32_769, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1],
  ...[2 ** 49, 2 ** 53, 2 ** 62, 2 ** 63, -(2 ** 63), 0.5, -0.1, 1e300],
  ...[true, false, null, Buffer.from('bytes'), [], [1, 'a', [true, { b: null }]], {}, { a: { b: { c: 'd' } } }],
  ...[undefined, { a: undefined, b: 1 }],
  ...['byte', 'int8', 'unsignedbyte', 'uint8', 'short', 'int16', 'unsignedshort', 'uint16', 'int', 'int32'].map(marked),
  ...['unsignedint', 'uint32', 'long', 'int64', 'double', 'float64', 'float', 'timestamp', 'number'].map(marked),
  { '!': 'decimal', value: { places: 2, digits: 314 } },
  { '!': 'string', value: 'é' },
  { '!': 'object', value: { a: 1 } },
  { '!': 'boolean', value: true },
]

function marked(type: string): object {
  return { '!': type, value: 7 }
}

describe('how many bytes properties take', () => {
  test('is counted as amqplib writes them', async ({ vhost }) => {
    await using other = await stranger(vhost.url)
    const { connection, ch } = other.channel as unknown as Undocumented
    const chunks: Buffer[] = []
    const { buffer } = connection.channels[ch] as { buffer: { write(chunk: Buffer): boolean } }
    const write = buffer.write.bind(buffer)
    buffer.write = (chunk) => {
      chunks.push(chunk)
      return write(chunk)
    }
    /** What the header frame holds beside class, weight, size and flags. */
    const written = (properties: MessageProperties): number => {
      chunks.length = 0
      other.channel.publish('', 'nowhere', Buffer.alloc(0), properties as Options.Publish)
      const bytes = Buffer.concat(chunks)
      const headerAt = 7 + bytes.readUInt32BE(3) + 1
      return bytes.readUInt32BE(headerAt + 3) - 14
    }
    for (const value of VALUES) {
      const properties = { headers: { 'a name': value, 名前: value }, messageId: 'm1' }
      expect([value, propertyBytes(properties)]).toEqual([value, written(properties)])
    }
    console.log(`LEVERET_SEED=${SEED}`)
    const random = new Random(SEED)
    const some = (values: readonly unknown[]): unknown => values[random.below(values.length)]
    for (let round = 0; round < 500; round += 1) {
      const count = random.below(12)
      const properties = {
        headers: Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}é`.repeat(n), some(VALUES)])),
        ...(random.chance(0.5) ? { contentType: 'text/plain', contentEncoding: 'é' } : {}),
        ...(random.chance(0.5) ? { deliveryMode: 2, priority: 3, timestamp: 4 } : {}),
        ...(random.chance(0.5) ? { correlationId: '', replyTo: 'x', expiration: '1000', messageId: '日' } : {}),
        ...(random.chance(0.5) ? { type: 't', appId: 'a' } : {}),
      }
      expect(propertyBytes(properties)).toBe(written(properties))
    }
    expect(propertyBytes({})).toBe(0)
  })
})

interface Undocumented {
  readonly ch: number
  readonly connection: { readonly channels: readonly object[] }
}
