import type { Random } from '../../support/random.js'
import { long, nested, shortText, table, tagged, unsigned } from './wire.js'

type Entry = readonly [name: string | Buffer, value: Buffer]

/** Where the copies that forged headers ask for would go. */
export const BYSTANDER = 'bystander'
/** No copy of a message with more than this can have the headers of leveret too. */
const FILLERS = [40_000, 60_000, 65_480, 100_000]

/** Any value that a table can hold, of any type that RabbitMQ takes. */
export function randomValue(random: Random, depth = 0): Buffer {
  const inner = (): Buffer => (depth > 3 ? tagged('V', Buffer.alloc(0)) : randomValue(random, depth + 1))
  const some = (): Buffer[] => Array.from({ length: random.below(4) }, inner)
  return random.pick<() => Buffer>([
    () => text(random.pick(TEXTS)),
    () => text(random.text(random.below(40))),
    () => tagged('S', long(random.bytes(random.below(20)))),
    () => tagged('x', long(random.bytes(random.below(20)))),
    () => fixed(random),
    () => fixed(random),
    () => tagged('t', unsigned(1, random.below(2))),
    () => tagged('V', Buffer.alloc(0)),
    () => tagged('A', long(Buffer.concat(some()))),
    () => tagged('F', table(some().map((value) => [random.pick(NAMES), value]))),
    () => impostor(random, inner()),
  ])()
}

/**
 * The headers of one message, with or without those that would mean something if they were sound.
 *
 * @param deaths - RabbitMQ 3.10 lets a queue crash when it dead-letters what has an `odd` x-death, with any consumer
 */
export function randomHeaders(random: Random, deaths: 'sound' | 'odd'): Buffer {
  const entries: Entry[] = []
  for (let count = random.below(3); count > 0; count -= 1) entries.push([random.pick(NAMES), randomValue(random)])
  if (random.chance(0.2)) entries.push([random.bytes(random.below(256)), randomValue(random)])
  if (random.chance(0.5)) entries.push(...forgedLeveret(random))
  if (random.chance(0.3)) entries.push(...forgedBroker(random, deaths))
  if (random.chance(0.001)) entries.push(['deep', nested(random.pick(['F', 'A']), random.below(6_000) + 1)])
  if (random.chance(0.01)) entries.push(['filler', text('x'.repeat(random.pick(FILLERS)))])
  return table(entries)
}

/** Has the broker itself send a copy to the bystander, once. */
export function carbonCopy(random: Random): Entry {
  return [random.pick(['CC', 'BCC']), tagged('A', long(text(BYSTANDER)))]
}

const TEXTS = ['', '1', '-1', 'true', 'null', 'é日', '\u0000', '__proto__', 'fuzz-quorum', '9'.repeat(300)]
const NAMES = ['a', '', '!', 'value', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'traceparent', 'é']

const LEVERET = [
  'leveret-attempt',
  'leveret-exchange',
  'leveret-routing-key',
  'leveret-queue',
  'leveret-reason',
  'leveret-error-name',
  'leveret-error-message',
  'leveret-error-stack',
  'leveret-dead-lettered-at',
  'leveret-replays',
  'leveret-redeliveries',
  'leveret-contract',
  'leveret-original-expiration',
  'leveret-original-user-id',
  'leveret-deadline',
  'leveret-timeout',
  'leveret-unheard-of',
]

function forgedLeveret(random: Random): Entry[] {
  // A group that looks like leveret's own, or any of them with anything.
  if (random.chance(0.4)) {
    return [
      ['leveret-attempt', count(random)],
      ['leveret-exchange', text(random.pick(['', 'somewhere', 'x'.repeat(300)]))],
      ['leveret-routing-key', text(random.pick(TEXTS))],
      ...(random.chance(0.3) ? [['leveret-redeliveries', count(random)] as const] : []),
    ]
  }
  return LEVERET.filter(() => random.chance(0.2)).map((name) => [
    name,
    random.chance(0.5) ? count(random) : randomValue(random),
  ])
}

function forgedBroker(random: Random, deaths: 'sound' | 'odd'): Entry[] {
  const names = [
    'x-delivery-count',
    'x-acquired-count',
    'x-first-death-queue',
    'x-first-death-reason',
    'x-delay',
    'x-any',
  ]
  const entries: Entry[] = names
    .filter(() => random.chance(0.3))
    .map((name) => [name, random.chance(0.5) ? count(random) : randomValue(random)])
  if (random.chance(0.5)) entries.push(['x-death', deaths === 'odd' ? oddDeath(random) : soundDeath(random)])
  return entries
}

function soundDeath(random: Random): Buffer {
  return tagged('A', long(Buffer.concat([death(random, deathCount(random)), death(random, deathCount(random))])))
}

function oddDeath(random: Random): Buffer {
  const one = (): Buffer => death(random, randomValue(random))
  return random.pick<() => Buffer>([
    () => soundDeath(random),
    () => randomValue(random),
    () => tagged('A', long(Buffer.concat([one(), one()]))),
    () => tagged('A', long(Buffer.concat([randomValue(random), one()]))),
    () => tagged('A', long(randomValue(random))),
  ])()
}

function death(random: Random, times: Buffer): Buffer {
  return tagged(
    'F',
    table([
      ['count', times],
      ['reason', text(random.pick(['rejected', 'expired', 'maxlen', 'delivery_limit', 'boredom', '']))],
      ['queue', text(random.pick(TEXTS))],
      ['exchange', text(random.pick(TEXTS))],
      ['time', tagged('T', random.bytes(8))],
      ['routing-keys', random.chance(0.7) ? tagged('A', long(text('somewhere'))) : randomValue(random)],
    ]),
  )
}

function deathCount(random: Random): Buffer {
  return tagged('l', Buffer.concat([Buffer.alloc(7), random.bytes(1)]))
}

/** What amqplib takes for its own way to write a value of a certain type. */
function impostor(random: Random, value: Buffer): Buffer {
  const type = random.pick(['timestamp', 'decimal', 'long', 'int', 'double', 'string', 'object', 'boolean', 'nothing'])
  return tagged(
    'F',
    table([
      ['!', text(type)],
      ['value', value],
    ]),
  )
}

function count(random: Random): Buffer {
  const value = random.pick([0, 1, 2, 3, 19, 20, 1_000_000, 1_000_001, 2 ** 31 - 1])
  return tagged('I', unsigned(4, value))
}

function fixed(random: Random): Buffer {
  const [tag, bytes] = random.pick([
    ['b', 1],
    ['B', 1],
    ['s', 2],
    ['u', 2],
    ['I', 4],
    ['i', 4],
    ['l', 8],
    ['T', 8],
    ['D', 5],
  ] as const)
  if (random.chance(0.8)) return tagged(tag, random.bytes(bytes))
  const double = Buffer.alloc(8)
  double.writeDoubleBE((random.next() - 0.5) * 10 ** (random.below(600) - 300))
  return tagged('d', double)
}

function text(value: string): Buffer {
  return tagged('S', long(Buffer.from(value)))
}

/** A property that is a short text, of characters or of anything. */
export function randomShort(random: Random, usual: readonly string[]): Buffer {
  if (random.chance(0.7)) return shortText(random.pick(usual))
  return shortText(random.chance(0.5) ? random.text(random.below(60)) : random.bytes(random.below(256)))
}
