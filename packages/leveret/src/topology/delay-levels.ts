import type { BindingDeclaration, Declaration, ExchangeDeclaration, QueueDeclaration } from '../amqp/declaration.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import type { Headers } from '../message/message.js'
import { queueDeclarationsOf } from './declarations.js'

/** The delay of the lowest level. Each other one is twice that of the level below, so a year needs 27 of them. */
const UNIT_MS = 250
const PREFIX = 'leveret.delay'
const ARRIVED = `${PREFIX}.arrived`
const LOST = `${PREFIX}.lost`
const TO = 'leveret-delay-to'

/** The longest delay of a task that is sent: a year, a leap year too. */
export const MAX_SEND_DELAY_MS = 366 * 24 * 60 * 60 * 1_000

/** The way of a delayed message. */
export interface DelayRoute {
  /** The exchange of the highest level that it passes. Its routing key is that of the exchange it is for. */
  readonly exchange: string
  /** Say of each level whether it passes it, and where it goes then. */
  readonly headers: Headers
  /** How many levels must exist. */
  readonly levels: number
}

/**
 * The levels whose delays add up to the wish, rounded up to a quarter of a second.
 *
 * A message enters at its highest level. As its headers say, the exchange of a level puts it into the queue of that level, which dead-letters
 * it to the exchange of the level below, or hands it to that exchange at once. So it passes each of its levels once, from
 * the longest to the shortest, and all messages of a queue wait equally long: none holds another one back.
 *
 * @param queue - the work queue that it is for
 * @see https://docs.particular.net/transports/rabbitmq/delayed-delivery the same with routing keys
 */
export function delayRoute(queue: string, delayMs: number): DelayRoute {
  const units = Math.ceil(delayMs / UNIT_MS)
  const levels = units.toString(2).length
  const passed = Array.from(
    { length: levels },
    (_, level) => [levelHeader(level), (units & (1 << level)) !== 0] as const,
  )
  return {
    exchange: levelName(levels - 1),
    headers: { ...Object.fromEntries(passed), [TO]: arrivalName(queue) },
    levels,
  }
}

/**
 * What must exist before a task can be sent with a delay. The same contract and number of levels give the same list, for a minute.
 *
 * The names and arguments are a wire format, shared by all contracts of a vhost.
 */
export function delayedSendingOf(contract: WorkQueue, levels: number): readonly Declaration[] {
  const byLevels = known.get(contract) ?? new Map<number, Known>()
  known.set(contract, byLevels)
  const now = performance.now()
  const last = byLevels.get(levels)
  if (last !== undefined && now - last.at < REMAKE_MS) return last.declarations
  const declarations = [
    ...queueDeclarationsOf(contract),
    ...ends,
    ...Array.from({ length: levels }, (_, level) => levelDeclarations(level)).flat(),
    ...arrivalDeclarations(contract.name),
  ]
  byLevels.set(levels, { declarations, at: now })
  return declarations
}

interface Known {
  readonly declarations: readonly Declaration[]
  readonly at: number
}

/** Nobody tells a sender that somebody has deleted the queue in which its tasks arrive, so it is declared anew from time to time. */
const REMAKE_MS = 60_000

const known = new WeakMap<WorkQueue, Map<number, Known>>()

/** Where the levels end, and what keeps a message whose arrival queue is gone: it would hold all others of its level up. */
const ends: readonly Declaration[] = [
  exchange(LOST, 'fanout'),
  {
    kind: 'queue',
    part: 'delay',
    name: LOST,
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' },
  },
  binding(LOST, LOST, {}),
  exchange(ARRIVED, 'headers', LOST),
]

/** Both ways are said by a header: were one what is left, a level whose queue is deleted would be left out, and its messages come early. */
function levelDeclarations(level: number): readonly Declaration[] {
  const name = levelName(level)
  const below = level === 0 ? ARRIVED : levelName(level - 1)
  return [
    exchange(name, 'headers'),
    waitingQueue(name, { 'x-message-ttl': UNIT_MS * 2 ** level, 'x-dead-letter-exchange': below }),
    binding(name, name, { [levelHeader(level)]: true }),
    { ...binding(name, below, { [levelHeader(level)]: false }), to: 'exchange' },
  ]
}

/**
 * What has waited passes a queue of its contract alone. Of those that a full or deleted queue does not take, RabbitMQ keeps 32 in hand for
 * each queue that they come from, and hands on no other: so they hold up nobody but their own contract.
 */
function arrivalDeclarations(queue: string): readonly Declaration[] {
  const name = arrivalName(queue)
  return [
    // No x-dead-letter-routing-key: it would take the place of CC and BCC.
    waitingQueue(name, { 'x-message-ttl': 0, 'x-dead-letter-exchange': '' }),
    binding(ARRIVED, name, { [TO]: name }),
  ]
}

/** `thumbnails.delayed` */
function arrivalName(queue: string): string {
  return `${queue}.delayed`
}

/** `leveret.delay.4000` */
function levelName(level: number): string {
  return `${PREFIX}.${UNIT_MS * 2 ** level}`
}

/** `leveret-delay-4000` */
function levelHeader(level: number): string {
  return `leveret-delay-${UNIT_MS * 2 ** level}`
}

function exchange(name: string, type: ExchangeDeclaration['type'], alternate?: string): ExchangeDeclaration {
  const args = alternate === undefined ? {} : { 'alternate-exchange': alternate }
  return { kind: 'exchange', name, type, durable: true, autoDelete: false, internal: false, arguments: args }
}

function waitingQueue(name: string, args: Readonly<Record<string, unknown>>): QueueDeclaration {
  return {
    kind: 'queue',
    part: 'delay',
    name,
    durable: true,
    // Never x-expires: publishing does not renew it, and the queue would go with its messages.
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      ...args,
    },
  }
}

function binding(source: string, destination: string, headers: Headers): BindingDeclaration {
  const args = Object.keys(headers).length === 0 ? {} : { 'x-match': 'all', ...headers }
  return { kind: 'binding', source, to: 'queue', destination, bindingKey: '', arguments: args }
}
