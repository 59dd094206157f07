import { endTrace, runTraced, topicOf, tracing } from '../../async/tracing.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { ConsumePlace, ProcessBatchTrace, ProcessTrace, SettledDelivery, TracedDelivery } from './process-trace.js'
import type { Settlement } from './settlement.js'

export const processing = tracing<ProcessTrace>('process')
const batches = tracing<ProcessBatchTrace>('process-batch')
const settled = topicOf<SettledDelivery>('settled')

/** Wraps the call of a handler, so that a trace of each call is published if anybody listens. */
export function tracedCall<Payload, D extends ActiveDelivery>(
  place: ConsumePlace,
  call: (payload: Payload, delivery: D) => unknown,
): (payload: Payload, delivery: D) => unknown {
  return (payload, delivery) => {
    if (!processing.hasSubscribers) return call(payload, delivery)
    const trace = traceOf(place, delivery)
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
  const { connection, role, contract, isEphemeral, server } = place
  const origin = { connection, role, contract, isEphemeral, queue: first.queue, server: server() }
  const trace: ProcessBatchTrace = { ...origin, items, run: undefined, error: undefined }
  return { result: runTraced(batches, trace, call), trace }
}

/** Tells that all attempts of a batch have ended. */
export function endBatch(trace: ProcessBatchTrace, error: unknown): void {
  if (error !== undefined) trace.error = error
  endTrace(batches, trace)
}

/** Tells what became of a delivery, and ends its trace. */
export function publishSettled(place: ConsumePlace, delivery: ActiveDelivery, settlement: Settlement): void {
  const { trace } = delivery
  if (trace === undefined && !settled.hasSubscribers) return
  const became = becameOf(settlement)
  if (trace !== undefined) {
    delivery.trace = undefined
    trace.settlement = became.settlement
    trace.afterMs = became.afterMs
    trace.reason = became.reason
    trace.error = became.error
    endTrace(processing, trace)
  }
  if (settled.hasSubscribers) settled.publish(settledOf(place, delivery, became))
}

/** What the traces and the channel tell of a settlement. */
type Became = Pick<SettledDelivery, 'settlement' | 'afterMs' | 'reason' | 'error'>

/** Reads a settlement once, for both. */
function becameOf(settlement: Settlement): Became {
  return {
    settlement: settlement.did,
    afterMs: 'afterMs' in settlement ? settlement.afterMs : undefined,
    reason: 'reason' in settlement ? settlement.reason : undefined,
    error: errorOf(settlement),
  }
}

function settledOf(place: ConsumePlace, delivery: ActiveDelivery, became: Became): SettledDelivery {
  const { connection, role, contract, isEphemeral, templateOf } = place
  return {
    connection,
    role,
    contract,
    isEphemeral,
    queue: delivery.queue,
    delivery,
    template: templateOf?.(delivery.routingKey),
    attempt: delivery.attempt,
    durationMs: delivery.durationMs,
    settlement: became.settlement,
    afterMs: became.afterMs,
    reason: became.reason,
    error: became.error,
  }
}

/** Creates a trace with all fields at once, because an object that grows later costs more than most of the rest. */
function traceOf(place: ConsumePlace, delivery: ActiveDelivery): ProcessTrace {
  const { connection, role, contract, isEphemeral, server, templateOf } = place
  return {
    connection,
    role,
    contract,
    isEphemeral,
    queue: delivery.queue,
    server: server(),
    delivery,
    deliveryTag: delivery.message.fields.deliveryTag,
    template: templateOf?.(delivery.routingKey),
    run: undefined,
    settlement: undefined,
    afterMs: undefined,
    reason: undefined,
    error: undefined,
  }
}

function describe({ templateOf }: ConsumePlace, delivery: ActiveDelivery): TracedDelivery {
  const { deliveryTag } = delivery.message.fields
  return { delivery, deliveryTag, template: templateOf?.(delivery.routingKey) }
}

function errorOf(settlement: Settlement): unknown {
  if ('failure' in settlement) return settlement.failure.thrown ?? settlement.failure
  return 'error' in settlement ? settlement.error : undefined
}
