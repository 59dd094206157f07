import type { Random } from '../../support/random.js'
import { randomContent } from './contents.js'
import { BYSTANDER, carbonCopy, randomHeaders, randomShort } from './headers.js'
import { MAX_PROPERTY_BYTES, type Property, shortText, unsigned, type WireMessage } from './wire.js'

/** What the handler makes of a message that reaches it. */
export const PLANS = ['works', 'recovers', 'fails', 'rejects'] as const

/** A message with an id that nothing else has, and what it may do. */
export interface Fuzzed {
  readonly id: string
  readonly plan: (typeof PLANS)[number]
  /** The broker itself may give it up before anybody has it. */
  readonly expires: boolean
  /** Its publisher asked for one copy for the bystander. */
  readonly copied: boolean
  readonly message: WireMessage
}

const CONTENT_TYPES = ['application/json', 'text/plain', 'application/octet-stream', 'application/JSON; x=y', '', ';']
const ENCODINGS = ['utf-8', 'identity', 'gzip', 'deflate', 'br', '']
const LONG_LIVES = ['60000', '4000000000']

/** What messages are to be like. */
export interface FuzzedOptions {
  readonly routes: readonly Pick<WireMessage, 'exchange' | 'routingKey'>[]
  readonly deaths: 'sound' | 'odd'
}

/** A message for one queue, with properties of any value that RabbitMQ takes. */
export function fuzzed(random: Random, n: number, { routes, deaths }: FuzzedOptions): Fuzzed {
  const plan = random.pick(PLANS)
  const id = `${n}-${plan}`
  const { headers, ...others } = randomProperties(random, deaths)
  const properties = { ...others, messageId: shortText(id) }
  const route = random.pick(routes)
  const copied = route.exchange === '' && random.chance(0.1)
  const expires = !copied && random.chance(0.02)
  const message = { ...route, content: randomContent(random) }
  // RabbitMQ itself drops what expires when its x-death says that it has been to the same queue before.
  if (expires)
    return {
      id,
      plan,
      expires,
      copied,
      message: { ...message, properties: { ...properties, expiration: shortText('1') } },
    }
  const wanted = copied ? withEntry(headers, carbonCopy(random)) : headers
  const fits =
    wanted !== undefined && Buffer.concat([wanted, ...Object.values(properties)]).length <= MAX_PROPERTY_BYTES
  const withHeaders = fits ? { ...properties, headers: wanted } : properties
  return { id, plan, expires, copied: copied && fits, message: { ...message, properties: withHeaders } }
}

/** Those that leveret reads, and those that it only hands on. */
function randomProperties(random: Random, deaths: 'sound' | 'odd'): Partial<Record<Property, Buffer>> {
  const makers: Readonly<Partial<Record<Property, () => Buffer>>> = {
    headers: () => randomHeaders(random, deaths),
    contentType: () => randomShort(random, CONTENT_TYPES),
    contentEncoding: () => randomShort(random, ENCODINGS),
    deliveryMode: () => unsigned(1, 1 + random.below(2)),
    priority: () => random.bytes(1),
    correlationId: () => randomShort(random, ['1']),
    replyTo: () => randomShort(random, ['', BYSTANDER]),
    expiration: () => shortText(random.pick(LONG_LIVES)),
    timestamp: () => (random.chance(0.5) ? random.bytes(8) : Buffer.concat([unsigned(4, 0), random.bytes(4)])),
    type: () => randomShort(random, ['t']),
    appId: () => randomShort(random, ['a']),
    clusterId: () => randomShort(random, ['c']),
  }
  const likely: Partial<Record<Property, number>> = { headers: 0.7, contentType: 0.3, contentEncoding: 0.1 }
  const chosen = Object.entries(makers).filter(([name]) => random.chance(likely[name as Property] ?? 0.15))
  return Object.fromEntries(chosen.map(([name, make]) => [name, make()]))
}

function withEntry(headers: Buffer | undefined, [name, value]: readonly [string | Buffer, Buffer]): Buffer {
  const entries = headers?.subarray(4) ?? Buffer.alloc(0)
  const all = Buffer.concat([shortText(name), value, entries])
  return Buffer.concat([unsigned(4, all.length), all])
}
