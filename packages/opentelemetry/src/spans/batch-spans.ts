import { type Attributes, ROOT_CONTEXT, SpanKind, type Tracer, trace as traces } from '@opentelemetry/api'
import type { ProcessBatchTrace } from 'leveret'
import { fail } from '../failure.js'
import { contextIn, linksTo, spanContextIn } from '../headers.js'
import {
  BATCH_COUNT,
  DESTINATION_ANONYMOUS,
  DESTINATION_NAME,
  DESTINATION_TEMPORARY,
  MESSAGE_ID,
  OPERATION_NAME,
  OPERATION_TYPE,
  RABBITMQ,
  SYSTEM,
} from '../names.js'
import type { Subscriptions } from '../subscriptions.js'
import { runIn } from './run-in.js'
import { noteServer } from './server.js'
import { keepSpan, takeSpan } from './span-of.js'

/** Creates one span for each call of a batch handler, with a link to the span of each message. */
export class BatchSpans {
  readonly #tracer: Tracer

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  follow(subscriptions: Subscriptions): void {
    subscriptions
      .on<ProcessBatchTrace>('tracing:leveret:process-batch:start', (trace) => this.#start(trace))
      .on<ProcessBatchTrace>('tracing:leveret:process-batch:asyncEnd', (trace) => this.#end(trace))
  }

  #start(trace: ProcessBatchTrace): void {
    const { contract, isEphemeral, items } = trace
    const links = items.flatMap(({ delivery: { headers, messageId } }) =>
      linksTo(spanContextIn(contextIn(headers)), messageId === undefined ? {} : { [MESSAGE_ID]: messageId }),
    )
    const attributes: Attributes = {
      [SYSTEM]: RABBITMQ,
      [OPERATION_NAME]: 'process',
      [OPERATION_TYPE]: 'process',
      [DESTINATION_NAME]: contract,
      ...(isEphemeral ? { [DESTINATION_ANONYMOUS]: true, [DESTINATION_TEMPORARY]: true } : {}),
      [BATCH_COUNT]: items.length,
    }
    noteServer(attributes, trace)
    const span = this.#tracer.startSpan(
      `process ${contract}`,
      { kind: SpanKind.CONSUMER, attributes, links },
      ROOT_CONTEXT,
    )
    keepSpan(trace, span)
    runIn(trace, traces.setSpan(ROOT_CONTEXT, span))
  }

  #end(trace: ProcessBatchTrace): void {
    const span = takeSpan(trace)
    if (span === undefined) return
    if (trace.error !== undefined) fail(span, trace.error)
    span.end()
  }
}
