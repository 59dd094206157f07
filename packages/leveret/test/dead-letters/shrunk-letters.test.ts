import { expect, test } from 'vitest'
import { readDeadLetter } from '../../src/dead-letters/dead-letter.js'
import { letterSource } from '../../src/dead-letters/letter-source.js'
import { deadLetterCopy } from '../../src/headers/copies.js'
import { text } from '../../src/index.js'
import type { ReceivedMessage } from '../../src/message/message.js'
import { fittingProperties, propertyBytes } from '../../src/message/property-bytes.js'
import { Random } from '../support/random.js'
import { tasks } from '../support/support.js'

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 32)
const AT = new Date(0)

/** Some text of so many bytes at most, of characters of one to four bytes. */
function someText(random: Random, most: number): string {
  const [character = 'x'] = [['x', 'é', '日', '😀'][random.below(4)]]
  return character.repeat(random.below(Math.floor(most / Buffer.byteLength(character)) + 1))
}

test('whatever came and however it failed, a dead letter fits into any frame, and has the reason of its death', () => {
  console.log(`LEVERET_SEED=${SEED}`)
  const random = new Random(SEED)
  let count = 0
  const redact = (failure: { name: string; message: string }) => {
    count += 1
    return failure
  }
  for (let round = 0; round < 1_000; round += 1) {
    const headers = Object.fromEntries(
      Array.from({ length: random.below(20) }, (_, n) => [`h${n}`, someText(random, 12_000)]),
    )
    const message: ReceivedMessage = {
      content: Buffer.from('x'),
      fields: {
        deliveryTag: 1,
        redelivered: false,
        exchange: someText(random, 255),
        routingKey: someText(random, 255),
      },
      properties: { headers, messageId: someText(random, 255) || 'm', correlationId: someText(random, 255) },
    }
    const failure = {
      name: someText(random, 300),
      message: someText(random, 9_000),
      stack: someText(random, 20_000),
    }
    const lineage = { attempt: 3, ...message.fields }
    const note = { queue: someText(random, 255), reason: 'attempts-exhausted', failure, at: AT } as const
    const settings = { queue: 'dead', stack: random.chance(0.8), redact }
    const letter = deadLetterCopy(message, lineage, settings, note)
    for (const frameMax of [4_096, 8_192, 131_072]) {
      const properties = fittingProperties(letter, frameMax)
      expect(propertyBytes(properties)).toBeLessThanOrEqual(Math.min(frameMax - 22, 64 * 1024))
      expect(JSON.stringify(properties)).not.toContain('\uFFFD')
      const read = readDeadLetter({ ...message, properties }, letterSource({ ...tasks, codec: text }))
      expect(read).toMatchObject({ reason: note.reason, queue: note.queue, attempts: 3, deadLetteredAt: AT })
      expect(read).toMatchObject({ exchange: message.fields.exchange, routingKey: message.fields.routingKey })
      expect(failure.message.startsWith(read.error?.message.replace(/…$/, '') ?? '?')).toBe(true)
      const lost = Object.keys(headers).filter((name) => !(name in (properties.headers ?? {})))
      expect(lost.length > 0).toBe('leveret-left-out' in (properties.headers ?? {}))
      // What is there of others is as it was.
      expect({ ...headers, ...properties.headers }).toMatchObject({ ...properties.headers })
    }
  }
  // Asked once for each letter.
  expect(count).toBe(1_000)
})
