import { endTrace, runTraced, topicOf, tracing } from '../../tracing.js'
import type { ActiveDelivery } from './active-delivery.js'
import type {
  ConsumeOrigin,
  ConsumePlace,
  ProcessBatchTrace,
  ProcessTrace,
  SettledDelivery,
  TracedDelivery,
} from './process-trace.js'
import type { Settlement } from './settlement.js'

const processing = tracing<ProcessTrace>('process')
const batches = tracing<ProcessBatchTrace>('process-batch')
const settled = topicOf<SettledDelivery>('settled')

/** Tells of each call of a handler, while somebody listens. */
export function tracedCall<Payload, D extends ActiveDelivery>(
  place: ConsumePlace,
  call: (payload: Payload, delivery: D) => unknown,
): (payload: Payload, delivery: D) => unknown {
  return (payload, delivery) => {
    if (!processing.hasSubscribers) return call(payload, delivery)
    const trace: ProcessTrace = { ...originOf(place, delivery), ...describe(place, delivery) }
    delivery.trace = trace
    return runTraced(processing, trace, () => call(payload, delivery))
  }
}

/** Calls the handler of a batch. @returns its result, and the trace to be ended by {@link endBatch} */
export function traceBatch<R>(
  place: ConsumePlace,
  deliveries: readonly ActiveDelivery[],
  call: () => R,
): { readonly result: R; readonly trace: ProcessBatchTrace | undefined } {
  const [first] = deliveries
  if (first === undefined || !batches.hasSubscribers) return { result: call(), trace: undefined }
  const items = deliveries.map((delivery) => describe(place, delivery))
  const trace: ProcessBatchTrace = { ...originOf(place, first), items }
  return { result: runTraced(batches, trace, call), trace }
}

/** Tells that all attempts of a batch have ended. */
export function endBatch(trace: ProcessBatchTrace, error: unknown): void {
  if (error !== undefined) trace.error = error
  endTrace(batches, trace)
}

/** Tells what became of a delivery, and ends its trace. */
export function tellSettled(place: ConsumePlace, delivery: ActiveDelivery, settlement: Settlement): void {
  const { trace } = delivery
  if (trace === undefined && !settled.hasSubscribers) return
  const outcome = outcomeOf(settlement)
  if (trace !== undefined) {
    delivery.trace = undefined
    Object.assign(trace, definedOf(outcome))
    endTrace(processing, trace)
  }
  if (settled.hasSubscribers) settled.publish(settledOf(place, delivery, outcome))
}

function settledOf(place: ConsumePlace, delivery: ActiveDelivery, outcome: Outcome): SettledDelivery {
  const { server: _server, ...origin } = originOf(place, delivery)
  const { attempt, durationMs } = delivery
  const { template } = describe(place, delivery)
  return { ...origin, delivery, template, attempt, durationMs, ...outcome }
}

function originOf(
  { connection, role, contract, isEphemeral, server }: ConsumePlace,
  { queue }: ActiveDelivery,
): ConsumeOrigin & Pick<ProcessTrace, 'queue' | 'server'> {
  return { connection, role, contract, isEphemeral, queue, server: server() }
}

function describe({ templateOf }: ConsumePlace, delivery: ActiveDelivery): TracedDelivery {
  const { deliveryTag } = delivery.message.fields
  return { delivery, deliveryTag, template: templateOf?.(delivery.routingKey) }
}

type Outcome = Pick<SettledDelivery, 'settlement' | 'afterMs' | 'reason' | 'error'>

function outcomeOf(settlement: Settlement): Outcome {
  const { did } = settlement
  const afterMs = 'afterMs' in settlement ? settlement.afterMs : undefined
  const reason = 'reason' in settlement ? settlement.reason : undefined
  if ('failure' in settlement)
    return { settlement: did, afterMs, reason, error: settlement.failure.thrown ?? settlement.failure }
  return { settlement: did, afterMs, reason, error: 'error' in settlement ? settlement.error : undefined }
}

function definedOf(outcome: Outcome): Partial<ProcessTrace> {
  return Object.fromEntries(Object.entries(outcome).filter(([, value]) => value !== undefined))
}
