import type { BindingDeclaration, Declaration, ExchangeDeclaration, QueueDeclaration } from '../amqp/declaration.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import type { Headers } from '../message/message.js'
import { queueDeclarationsOf } from './declarations.js'

/** The delay of the lowest level. Each other level doubles the one below, so a year needs 27 of them. */
const UNIT_MS = 250
const PREFIX = 'leveret.delay'
const ARRIVED = `${PREFIX}.arrived`
const LOST = `${PREFIX}.lost`
const TO = 'leveret-delay-to'

/** The longest delay with which a task can be sent: a year, even a leap year. */
export const MAX_SEND_DELAY_MS = 366 * 24 * 60 * 60 * 1_000

/** The route of a delayed message through the levels. */
export interface DelayRoute {
  /** The exchange of the highest level that delays the message. The routing key is unchanged. */
  readonly exchange: string
  /** The headers that say for each level whether it delays the message, and the queue at the end. */
  readonly headers: Headers
  /** How many levels must exist. */
  readonly levels: number
}

/**
 * Chooses the levels whose delays add up to `delayMs`, rounded up to a quarter of a second.
 *
 * A message enters at its highest level. The exchange of each level reads the message's headers. It routes the message
 * either into the queue of that level, which dead-letters it to the exchange of the level below, or directly to that
 * exchange. So the message passes each of its levels once, from the longest to the shortest. All messages of a queue
 * wait equally long, so none delays another.
 *
 * @param queue - the work queue at the end of the route
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
 * The declarations that must be made before a task can be sent with a delay. The same contract and number of levels
 * give the same list, for a minute.
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

/**
 * How long a list is reused. A sender does not learn that the queue in which its tasks arrive was deleted, so the queue
 * is declared again from time to time.
 */
const REMAKE_MS = 60_000

const known = new WeakMap<WorkQueue, Map<number, Known>>()

/**
 * The end of the levels, and a queue for messages whose arrival queue is gone, which would otherwise block all other
 * messages of their level.
 */
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

/**
 * The declarations of one level. A header decides each of the two ways. If one way were the default, messages would
 * skip a level whose queue was deleted, and come early.
 */
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
 * The arrival queue of a contract. If its work queue is full or deleted, RabbitMQ keeps 32 messages in flight from each
 * source queue, and forwards no others. With an arrival queue per contract, that blocks the contract's own messages
 * only.
 */
function arrivalDeclarations(queue: string): readonly Declaration[] {
  const name = arrivalName(queue)
  return [
    // No x-dead-letter-routing-key: it would replace CC and BCC.
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
    // Never x-expires: publishing does not renew it, so the queue would be deleted with its messages.
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
