import { type Attributes, context, SpanKind, type Tracer, trace as traces } from '@opentelemetry/api'
import type { CallTrace } from 'leveret'
import { fail } from '../failure.js'
import { DESTINATION_NAME, OPERATION_NAME, RABBITMQ, SYSTEM } from '../names.js'
import type { Subscriptions } from '../subscriptions.js'
import { runIn } from './run-in.js'
import { noteServer } from './server.js'
import { keepSpan, takeSpan } from './span-of.js'

/**
 * Creates a span for each call of a procedure, from the request to the answer. The span of the request is a child of
 * it.
 */
export class CallSpans {
  readonly #tracer: Tracer

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  follow(subscriptions: Subscriptions): void {
    subscriptions
      .on<CallTrace>('tracing:leveret:call:start', (trace) => this.#start(trace))
      .on<CallTrace>('tracing:leveret:call:asyncEnd', (trace) => this.#end(trace))
  }

  #start(trace: CallTrace): void {
    const { contract } = trace
    const attributes: Attributes = { [SYSTEM]: RABBITMQ, [OPERATION_NAME]: 'call', [DESTINATION_NAME]: contract }
    noteServer(attributes, trace)
    const span = this.#tracer.startSpan(`call ${contract}`, { kind: SpanKind.CLIENT, attributes })
    keepSpan(trace, span)
    runIn(trace, traces.setSpan(context.active(), span))
  }

  #end(trace: CallTrace): void {
    const span = takeSpan(trace)
    if (span === undefined) return
    if (trace.error !== undefined) fail(span, trace.error)
    span.end()
  }
}
