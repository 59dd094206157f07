import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  type Tracer,
  trace as traces,
} from '@opentelemetry/api'
import type { ProcessTrace, SettlementName } from 'leveret'
import { noteSource, sourceOf } from '../destination.js'
import { fail } from '../failure.js'
import { contextIn, linksTo, spanContextIn } from '../headers.js'
import {
  ATTEMPT,
  CONVERSATION_ID,
  DEAD_LETTER_REASON,
  DELIVERY_TAG,
  DESTINATION_ANONYMOUS,
  DESTINATION_TEMPORARY,
  MESSAGE_ID,
  OPERATION_NAME,
  OPERATION_TYPE,
  RABBITMQ,
  ROUTING_KEY,
  SETTLEMENT,
  SYSTEM,
} from '../names.js'
import type { Subscriptions } from '../subscriptions.js'
import { runIn } from './run-in.js'
import { noteServer } from './server.js'
import { keepSpan, takeSpan } from './span-of.js'

/** Options of {@link ProcessSpans}. */
export interface ProcessSpansOptions {
  readonly links: 'parent-and-link' | 'only'
  readonly settleSpans: boolean
}

/** The AMQP method that carries out each settlement, where there is one. */
const METHODS: Partial<Record<SettlementName, 'ack' | 'nack' | 'reject'>> = {
  acked: 'ack',
  ignored: 'ack',
  skipped: 'ack',
  postponed: 'ack',
  retried: 'ack',
  'dead-lettered': 'ack',
  dropped: 'reject',
  requeued: 'nack',
  'given-back': 'nack',
}

/** Creates a span for each call of a handler, as a child of the span that sent its message. */
export class ProcessSpans {
  readonly #tracer: Tracer
  readonly #options: ProcessSpansOptions

  constructor(tracer: Tracer, options: ProcessSpansOptions) {
    this.#tracer = tracer
    this.#options = options
  }

  follow(subscriptions: Subscriptions): void {
    subscriptions
      .on<ProcessTrace>('tracing:leveret:process:start', (trace) => this.#start(trace))
      .on<ProcessTrace>('tracing:leveret:process:asyncEnd', (trace) => this.#end(trace))
  }

  #start(trace: ProcessTrace): void {
    const sent = contextIn(trace.delivery.headers)
    const parent = this.#options.links === 'only' ? traces.deleteSpan(sent) : sent
    const options = {
      kind: SpanKind.CONSUMER,
      attributes: attributesOf(trace),
      links: linksTo(spanContextIn(sent)),
    }
    const span = this.#tracer.startSpan(`process ${sourceOf(trace).name}`, options, parent)
    keepSpan(trace, span)
    runIn(trace, traces.setSpan(parent, span))
  }

  #end(trace: ProcessTrace): void {
    const span = takeSpan(trace)
    if (span === undefined) return
    if (span.isRecording()) note(trace, span)
    span.end()
    if (this.#options.settleSpans) this.#settle(trace, traces.setSpan(context.active(), span))
  }

  #settle(trace: ProcessTrace, parent: Context): void {
    const method = trace.settlement && METHODS[trace.settlement]
    if (method === undefined) return
    const attributes = { ...attributesOf(trace), [OPERATION_NAME]: method, [OPERATION_TYPE]: 'settle' }
    const name = `${method} ${sourceOf(trace).name}`
    this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent).end()
  }
}

function note({ settlement, afterMs, reason, error }: ProcessTrace, span: Span): void {
  if (settlement !== undefined) span.setAttribute(SETTLEMENT, settlement)
  if (reason !== undefined) span.setAttribute(DEAD_LETTER_REASON, reason)
  if (settlement === 'retried' && afterMs !== undefined) span.addEvent('leveret.retried', { after_ms: afterMs })
  if (settlement === 'dead-lettered') span.addEvent('leveret.dead-lettered', { reason: reason ?? '' })
  if (error !== undefined) fail(span, error)
}

/**
 * Attributes of the span. They are assigned one by one, because spreading costs more than the rest of this function.
 */
function attributesOf(trace: ProcessTrace): Attributes {
  const { delivery, deliveryTag, isEphemeral } = trace
  const { messageId, correlationId, routingKey, attempt } = delivery
  const attributes: Attributes = {
    [SYSTEM]: RABBITMQ,
    [OPERATION_NAME]: 'process',
    [OPERATION_TYPE]: 'process',
    [ROUTING_KEY]: routingKey,
    [DELIVERY_TAG]: deliveryTag,
    [ATTEMPT]: attempt,
  }
  noteSource(attributes, trace)
  noteServer(attributes, trace)
  if (messageId !== undefined) attributes[MESSAGE_ID] = messageId
  if (correlationId !== undefined) attributes[CONVERSATION_ID] = correlationId
  if (isEphemeral) {
    attributes[DESTINATION_ANONYMOUS] = true
    attributes[DESTINATION_TEMPORARY] = true
  }
  return attributes
}
