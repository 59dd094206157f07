import {
  DEAD_LETTER_REASON,
  DESTINATION_NAME,
  DESTINATION_TEMPLATE,
  ERROR_TYPE,
  LANE,
  OPERATION_NAME,
  OPERATION_TYPE,
  SERVER_ADDRESS,
  SERVER_PORT,
  SETTLEMENT,
  SYSTEM,
} from '../names.js'

/** Definition of one metric: its kind, its unit, its description and its attributes. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'up-down' | 'histogram' | 'gauge'
  /** The unit, in UCUM. @see https://opentelemetry.io/docs/specs/semconv/general/metrics/#instrument-units */
  readonly unit: string
  readonly description: string
  readonly attributes: readonly string[]
  readonly buckets?: readonly number[]
}

/** Buckets for durations, in seconds, as the conventions advise. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const WHERE = [SYSTEM, OPERATION_NAME, DESTINATION_NAME, DESTINATION_TEMPLATE]

/** All metrics, by their names. */
export const metricDefinitions = {
  'messaging.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long a publish took, from the call to the answer of the broker.',
    attributes: [...WHERE, OPERATION_TYPE, ERROR_TYPE, SERVER_ADDRESS, SERVER_PORT],
    buckets: DURATIONS,
  },
  'messaging.client.sent.messages': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages sent, and those that could not be.',
    attributes: [...WHERE, ERROR_TYPE],
  },
  'messaging.client.consumed.messages': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages delivered, once for each attempt.',
    attributes: WHERE,
  },
  'messaging.process.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long an attempt took.',
    attributes: [...WHERE, ERROR_TYPE],
    buckets: DURATIONS,
  },
  'leveret.deliveries': {
    kind: 'counter',
    unit: '{delivery}',
    description: 'Deliveries, by what became of them.',
    attributes: [...WHERE, SETTLEMENT, DEAD_LETTER_REASON],
  },
  'leveret.process.attempts': {
    kind: 'histogram',
    unit: '{attempt}',
    description: 'Attempts that a message needed until it was done or given up.',
    attributes: [...WHERE, SETTLEMENT],
    buckets: [1, 2, 3, 4, 5, 7, 10, 20],
  },
  'leveret.publish.pending': {
    kind: 'up-down',
    unit: '{message}',
    description: 'Messages whose outcome is not known yet.',
    attributes: [SYSTEM],
  },
  'leveret.publish.pending.bytes': {
    kind: 'up-down',
    unit: 'By',
    description: 'Content of the messages whose outcome is not known yet.',
    attributes: [SYSTEM],
  },
  'leveret.process.active': {
    kind: 'up-down',
    unit: '{delivery}',
    description: 'Deliveries that are being handled.',
    attributes: WHERE,
  },
  'leveret.connection.up': {
    kind: 'gauge',
    unit: '1',
    description: '1 while each connection that this process has opened is there, 0 while one is not.',
    attributes: [LANE],
  },
  'leveret.connection.blocked': {
    kind: 'gauge',
    unit: '1',
    description: '1 while the broker accepts no publishes from a connection, because of an alarm.',
    attributes: [LANE],
  },
  'leveret.connection.reconnects': {
    kind: 'counter',
    unit: '{reconnect}',
    description: 'Connections that were lost and have come back.',
    attributes: [LANE, ERROR_TYPE],
  },
  'leveret.channel.lost': {
    kind: 'counter',
    unit: '{channel}',
    description: 'Channels that were lost.',
    attributes: [LANE, ERROR_TYPE],
  },
  'leveret.event_loop.blocked': {
    kind: 'histogram',
    unit: 's',
    description: 'How long the event loop stood still, each time that it endangered a connection.',
    attributes: [],
    buckets: [0.5, 1, 2.5, 5, 10, 20, 30, 60],
  },
  'leveret.message.age': {
    kind: 'histogram',
    unit: 's',
    description: 'How old a message was when its handler began, in whole seconds.',
    attributes: WHERE,
    buckets: [1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400],
  },
} as const satisfies Record<string, MetricDefinition>

/** The name of a metric. */
export type MetricName = keyof typeof metricDefinitions
