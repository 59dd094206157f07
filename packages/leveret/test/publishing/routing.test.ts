import type { ConfirmChannel } from 'amqplib'
import { expect } from 'vitest'
import { matches, overlaps, wordsOf } from '../../src/contract/exchanges/routing-key.js'
import { Random } from '../support/random.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

/** `LEVERET_SEED` makes the patterns and keys of a run again. */
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000)
const PATTERNS = 100
const KEYS = 250

const WORDS = ['a', 'b', 'ab', '', 'a*', '#a', 'é', 'ä€', '日本', '🐇', 'A']
/** What every run has; the rest is drawn. */
const FIXED_PATTERNS = ['', '*', '#', '.', '..', '*.', '.*', '#.', '.#', '#.#', '*.#', '#.*', '*.*', 'a.#.#.b']
const FIXED_KEYS = [
  '',
  '.',
  '..',
  'a.',
  '.a',
  'a..b',
  '*',
  '#',
  '*.#',
  '#.#',
  'a.*',
  'a.#',
  '.#',
  '*.',
  'x'.repeat(255),
]

const random = new Random(SEED)

/** Up to five words. Wildcards too, which are only words in a routing key. */
function draw(wildcards: number): string {
  const words = Array.from({ length: random.below(6) }, () => {
    if (random.chance(wildcards)) return random.chance(0.5) ? '*' : '#'
    // Mostly few words, so that much of what is drawn does match.
    return WORDS[random.below(random.chance(0.7) ? 3 : WORDS.length)] ?? ''
  })
  return words.join('.')
}

function drawMany(fixed: readonly string[], count: number, wildcards: number): string[] {
  const all = new Set(fixed)
  while (all.size < count) {
    const drawn = draw(wildcards)
    // RabbitMQ 4.3 refuses a binding key with more.
    if (drawn.split('#').length <= 3) all.add(drawn)
  }
  return [...all]
}

/** Has the broker route each key. @returns which patterns it went to, as `key -> patterns` */
async function route(
  channel: ConfirmChannel,
  patterns: readonly string[],
  keys: readonly string[],
): Promise<Map<string, Set<string>>> {
  const takers = new Map(keys.map((key) => [key, new Set<string>()]))
  let ended = 0
  await channel.assertExchange('keys', 'topic')
  for (const pattern of patterns) {
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await channel.bindQueue(queue, 'keys', pattern)
    await channel.bindQueue(queue, 'amq.fanout', '')
    const onMessage: Parameters<typeof channel.consume>[1] = (message) => {
      if (message?.fields.exchange === 'keys') takers.get(message.fields.routingKey)?.add(pattern)
      else ended += 1
    }
    await channel.consume(queue, onMessage, { noAck: true })
  }
  for (const key of keys) channel.publish('keys', key, Buffer.alloc(0))
  // Queues keep their order: what goes to all of them now comes last.
  channel.publish('amq.fanout', '', Buffer.alloc(0))
  await eventually(() => expect(ended).toBe(patterns.length), { timeoutMs: 30_000 })
  return takers
}

const match = (pattern: string, key: string): boolean => matches(wordsOf(pattern), wordsOf(key))

test(`a topic exchange routes ${PATTERNS * KEYS} pairs of pattern and key as matches() says (seed ${SEED})`, async ({
  vhost,
}) => {
  await using other = await stranger(vhost.url)
  const patterns = drawMany(FIXED_PATTERNS, PATTERNS, 0.4)
  const keys = drawMany(FIXED_KEYS, KEYS, 0.1)
  const takers = await route(other.channel, patterns, keys)

  const disagreements: string[] = []
  let routed = 0
  for (const [key, taken] of takers) {
    routed += taken.size
    for (const pattern of patterns) {
      if (taken.has(pattern) !== match(pattern, key))
        disagreements.push(`${pattern} takes ${key}: ${taken.has(pattern)}`)
      // What the broker sends both ways, both ways can have.
      for (const second of taken.has(pattern) ? taken : []) {
        if (!overlaps(wordsOf(pattern), wordsOf(second))) disagreements.push(`${key}: ${pattern} and ${second}`)
      }
    }
  }
  expect(disagreements).toEqual([])
  // Neither all nor nothing: the pairs say something.
  expect(routed).toBeGreaterThan(PATTERNS * KEYS * 0.02)
  expect(routed).toBeLessThan(PATTERNS * KEYS * 0.5)
})
