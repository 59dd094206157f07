import type { Table } from '../lab.js'
import { Random } from './random.js'

/** A step of a client. Channels are numbered. A closed channel is opened again when it is used next. */
export type Step =
  | {
      readonly do: 'declare'
      readonly channel: number
      readonly queue: string
      readonly args: Table
      readonly options: Table
    }
  | { readonly do: 'exchange'; readonly channel: number; readonly exchange: string; readonly type: string }
  | {
      readonly do: 'bind' | 'unbind'
      readonly channel: number
      readonly queue: string
      readonly exchange: string
      readonly key: string
    }
  | {
      readonly do: 'publish'
      readonly exchange: string
      readonly key: string
      readonly body: string
      readonly properties: Table
    }
  | { readonly do: 'get'; readonly channel: number; readonly queue: string; readonly noAck: boolean }
  | {
      readonly do: 'consume'
      readonly channel: number
      readonly queue: string
      readonly prefetch: number
      readonly noAck: boolean
    }
  | { readonly do: 'cancel'; readonly channel: number; readonly queue: string }
  | {
      readonly do: 'ack' | 'nack' | 'reject'
      readonly channel: number
      /** The index among the unsettled deliveries, from the oldest. */
      readonly which: number
      readonly multiple: boolean
      readonly requeue: boolean
    }
  | { readonly do: 'purge' | 'delete'; readonly channel: number; readonly queue: string }
  | { readonly do: 'close' | 'recover'; readonly channel: number }
  | { readonly do: 'wait' }

export type Program = readonly Step[]

/** The queues that programs declare. */
export const QUEUES_OF_PROGRAMS = ['q0', 'q1', 'q2']
export const EXCHANGES_OF_PROGRAMS = ['e0', 'e1']
const EXCHANGES = ['e0', 'e1', 'amq.topic', 'amq.direct', 'amq.fanout']
const KEYS = ['a', 'a.b', 'a.b.c', '', 'q0']
const PATTERNS = ['a', 'a.*', '#', '*.b', 'a.#.c', '']
/** Two connections with three channels each. */
export const CHANNELS = 6
const WAIT_ONE_IN = 6

const ARGUMENTS: readonly Table[] = [
  {},
  {},
  { 'x-queue-type': 'quorum' },
  { 'x-queue-type': 'quorum', 'x-delivery-limit': 1, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'q2' },
  { 'x-queue-type': 'quorum', 'x-max-length': 2 },
  { 'x-message-ttl': 1, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'q1' },
  { 'x-dead-letter-exchange': 'e0' },
  { 'x-max-length': 2, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'q0' },
  { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  { 'x-max-priority': 3 },
  { 'x-single-active-consumer': true },
  { 'x-message-ttl': -5 },
  { 'x-max-length': 'many' },
  { 'x-delivery-limit': 3 },
  { 'x-queue-type': 'quorum', 'x-max-priority': 3 },
]

const PROPERTIES: readonly Table[] = [
  {},
  {},
  {},
  { priority: 2 },
  { expiration: '1' },
  { expiration: 'soon' },
  { headers: { a: 1 } },
  { headers: { CC: ['q1'] } },
  { headers: { BCC: ['q2'] } },
  { messageId: 'm', contentType: 'text/plain' },
]

/** Creates the program of a seed. */
export function programOf(seed: number, length = 14): Program {
  const random = new Random(seed)
  const steps: Step[] = [
    { do: 'declare', channel: 0, queue: 'q0', args: random.pick(ARGUMENTS.slice(0, 11)), options: {} },
  ]
  while (steps.length < length) steps.push(stepOf(random, steps.length))
  return steps
}

type Maker = (random: Random, channel: number, queue: string, index: number) => Step

/** Steps that a client may make. A step that is listed more often is chosen more often. */
const MAKERS: readonly Maker[] = [
  (random, channel, queue) => ({
    do: 'declare',
    channel,
    queue,
    args: random.pick(ARGUMENTS),
    options: optionsOf(random),
  }),
  (random, channel) => ({
    do: 'exchange',
    channel,
    exchange: random.pick(EXCHANGES_OF_PROGRAMS),
    type: random.pick(['direct', 'topic', 'fanout']),
  }),
  (random, channel, queue) => ({
    do: 'bind',
    channel,
    queue,
    exchange: random.pick(EXCHANGES),
    key: random.pick(PATTERNS),
  }),
  (random, channel, queue) => ({
    do: 'unbind',
    channel,
    queue,
    exchange: random.pick(EXCHANGES),
    key: random.pick(PATTERNS),
  }),
  publishTo,
  publishTo,
  publishTo,
  publishTo,
  (random, _channel, _queue, index) => ({
    do: 'publish',
    exchange: random.pick(EXCHANGES),
    key: random.pick(KEYS),
    body: `m${index}`,
    properties: random.pick(PROPERTIES),
  }),
  (random, channel, queue) => ({ do: 'get', channel, queue, noAck: random.oneIn(4) }),
  (random, channel, queue) => ({ do: 'get', channel, queue, noAck: random.oneIn(4) }),
  (random, channel, queue) => ({ do: 'consume', channel, queue, prefetch: random.below(3), noAck: random.oneIn(4) }),
  (random, channel, queue) => ({ do: 'consume', channel, queue, prefetch: random.below(3), noAck: random.oneIn(4) }),
  settle,
  settle,
  settle,
  (_random, channel, queue) => ({ do: 'cancel', channel, queue }),
  (random, channel, queue) => ({ do: random.pick(['purge', 'delete']), channel, queue }),
  (random, channel) => ({ do: random.pick(['close', 'recover']), channel }),
]

function stepOf(random: Random, index: number): Step {
  if (random.oneIn(WAIT_ONE_IN)) return { do: 'wait' }
  return random.pick(MAKERS)(random, random.below(CHANNELS), random.pick(QUEUES_OF_PROGRAMS), index)
}

function publishTo(random: Random, _channel: number, queue: string, index: number): Step {
  return { do: 'publish', exchange: '', key: queue, body: `m${index}`, properties: random.pick(PROPERTIES) }
}

function settle(random: Random, channel: number): Step {
  const how = random.pick(['ack', 'nack', 'reject'] as const)
  return {
    do: how,
    channel,
    which: random.below(3),
    multiple: how !== 'reject' && random.oneIn(3),
    requeue: random.oneIn(2),
  }
}

function optionsOf(random: Random): Table {
  if (random.oneIn(8)) return { autoDelete: true }
  if (random.oneIn(8)) return { exclusive: true }
  return {}
}
