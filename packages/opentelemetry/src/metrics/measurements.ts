import type { ProcessBatchTrace, ProcessTrace, PublishTrace, SettledDelivery, TracedDelivery } from 'leveret'
import { countedBy, destinationOf, sourceOf } from '../destination.js'
import { errorTypeOf } from '../failure.js'
import {
  DEAD_LETTER_REASON,
  ERROR_TYPE,
  OPERATION_NAME,
  OPERATION_TYPE,
  RABBITMQ,
  SERVER_ADDRESS,
  SERVER_PORT,
  SETTLEMENT,
  SYSTEM,
} from '../names.js'
import { isSent, operationOf } from '../spans/publish-spans.js'
import type { Subscriptions } from '../subscriptions.js'
import { measureConnections } from './connections.js'
import type { Labels, MetricSink } from './sink.js'

const BASE = { [SYSTEM]: RABBITMQ }
const ENDS: ReadonlySet<string> = new Set(['acked', 'dead-lettered', 'dropped'])

type Consumed = Pick<ProcessTrace, 'contract' | 'queue' | 'isEphemeral'>

/**
 * Records everything that leveret publishes on its diagnostics channels in a sink. No label has a random name as its
 * value.
 */
export function measure(sink: MetricSink, subscriptions: Subscriptions): void {
  const publishes = new Publishes(sink)
  const handlers = new Handlers(sink)
  subscriptions
    .on<PublishTrace>('tracing:leveret:publish:start', (trace) => publishes.start(trace))
    .on<PublishTrace>('tracing:leveret:publish:asyncEnd', (trace) => publishes.end(trace))
    .on<ProcessTrace>('tracing:leveret:process:start', (trace) => handlers.start(trace, [trace]))
    .on<ProcessTrace>('tracing:leveret:process:asyncEnd', (trace) => handlers.end(trace))
    .on<ProcessBatchTrace>('tracing:leveret:process-batch:start', (trace) => handlers.start(trace, trace.items))
    .on<ProcessBatchTrace>('tracing:leveret:process-batch:asyncEnd', (trace) => handlers.end(trace))
    .on<SettledDelivery>('leveret:settled', (delivery) => countSettled(delivery, sink))
  measureConnections(sink, subscriptions)
}

class Publishes {
  readonly #sink: MetricSink
  readonly #startedAt = new WeakMap<PublishTrace, number>()

  constructor(sink: MetricSink) {
    this.#sink = sink
  }

  start(trace: PublishTrace): void {
    this.#startedAt.set(trace, performance.now())
    this.#pending(trace, 1)
  }

  end(trace: PublishTrace): void {
    const startedAt = this.#startedAt.get(trace)
    if (startedAt === undefined) return
    this.#pending(trace, -1)
    if (!isSent(trace)) return
    const labels = labelsOf({ [OPERATION_NAME]: operationOf(trace), ...countedBy(destinationOf(trace)) }, trace.error)
    const { server } = trace
    const where = server === undefined ? {} : { [SERVER_ADDRESS]: server.address, [SERVER_PORT]: server.port }
    const seconds = (performance.now() - startedAt) / 1_000
    this.#sink.add('messaging.client.sent.messages', 1, labels)
    this.#sink.record('messaging.client.operation.duration', seconds, { ...labels, [OPERATION_TYPE]: 'send', ...where })
  }

  #pending({ bytes }: PublishTrace, sign: 1 | -1): void {
    this.#sink.add('leveret.publish.pending', sign, BASE)
    this.#sink.add('leveret.publish.pending.bytes', sign * bytes, BASE)
  }
}

class Handlers {
  readonly #sink: MetricSink
  readonly #active = new WeakMap<object, readonly Labels[]>()

  constructor(sink: MetricSink) {
    this.#sink = sink
  }

  start(trace: Consumed, items: readonly TracedDelivery[]): void {
    const all = items.map((item) => consumedLabels({ ...consumer(trace), ...item }))
    this.#active.set(trace, all)
    for (const [index, { delivery }] of items.entries()) {
      const labels = all[index] ?? BASE
      this.#sink.add('leveret.process.active', 1, labels)
      const { timestamp } = delivery
      if (timestamp === undefined) continue
      const age = Math.max(Math.floor((Date.now() - timestamp.getTime()) / 1_000), 0)
      this.#sink.record('leveret.message.age', age, labels)
    }
  }

  end(trace: Consumed): void {
    for (const labels of this.#active.get(trace) ?? []) this.#sink.add('leveret.process.active', -1, labels)
    this.#active.delete(trace)
  }
}

function consumer({ contract, queue, isEphemeral }: Consumed): Consumed {
  return { contract, queue, isEphemeral }
}

function consumedLabels(consumed: Consumed & TracedDelivery): Labels {
  return labelsOf({ [OPERATION_NAME]: 'process', ...countedBy(sourceOf(consumed)) }, undefined)
}

function countSettled(delivery: SettledDelivery, sink: MetricSink): void {
  const { settlement, reason, attempt, durationMs, error } = delivery
  const labels = labelsOf({ [OPERATION_NAME]: 'process', ...countedBy(sourceOf(delivery)) }, undefined)
  const because: Labels = reason === undefined ? {} : { [DEAD_LETTER_REASON]: reason }
  sink.add('messaging.client.consumed.messages', 1, labels)
  sink.add('leveret.deliveries', 1, { ...labels, [SETTLEMENT]: settlement, ...because })
  if (durationMs > 0) sink.record('messaging.process.duration', durationMs / 1_000, labelsOf(labels, error))
  if (ENDS.has(settlement)) sink.record('leveret.process.attempts', attempt, { ...labels, [SETTLEMENT]: settlement })
}

function labelsOf(labels: Readonly<Record<string, unknown>>, error: unknown): Labels {
  return { ...BASE, ...labels, ...(error === undefined ? {} : { [ERROR_TYPE]: errorTypeOf(error) }) } as Labels
}
