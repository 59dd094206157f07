import { type Attributes, context, SpanKind, type Tracer, trace as traces } from '@opentelemetry/api'
import type { PublishTrace } from 'leveret'
import { destinationOf, noteTarget } from '../destination.js'
import { fail } from '../failure.js'
import { contextIn, inject, linksTo, spanContextIn } from '../headers.js'
import {
  BODY_SIZE,
  CONVERSATION_ID,
  MESSAGE_ID,
  OPERATION_NAME,
  OPERATION_TYPE,
  OUTCOME,
  RABBITMQ,
  RESENT,
  ROUTING_KEY,
  SYSTEM,
} from '../names.js'
import type { Subscriptions } from '../subscriptions.js'
import { noteServer } from './server.js'
import { keepSpan, takeSpan } from './span-of.js'

/**
 * Whether a user sent the message, or replayed it. Copies and replies are sent by leveret, and have no span of their
 * own.
 */
export function isSent({ kind }: PublishTrace): boolean {
  return kind === 'message' || kind === 'request' || kind === 'replay'
}

/** The name of the operation that publishes. */
export function operationOf({ role }: PublishTrace): 'send' | 'publish' {
  return role === 'publisher' ? 'publish' : 'send'
}

/** Creates a span for each message that is sent, and writes its context into the headers. */
export class PublishSpans {
  readonly #tracer: Tracer
  readonly #bodySize: boolean

  constructor(tracer: Tracer, bodySize: boolean) {
    this.#tracer = tracer
    this.#bodySize = bodySize
  }

  follow(subscriptions: Subscriptions): void {
    subscriptions
      .on<PublishTrace>('tracing:leveret:publish:start', (trace) => this.#start(trace))
      .on<PublishTrace>('tracing:leveret:publish:asyncEnd', (trace) => this.#end(trace))
  }

  #start(trace: PublishTrace): void {
    if (!isSent(trace)) return
    const operation = operationOf(trace)
    // A message that already carries a context keeps it: it was sent before, or its sender set the context.
    const origin = hasHeaders(trace) ? spanContextIn(contextIn(trace.headers)) : undefined
    const span = this.#tracer.startSpan(`${operation} ${destinationOf(trace).name}`, {
      kind: SpanKind.PRODUCER,
      links: linksTo(origin),
      attributes: this.#attributesOf(trace, operation),
    })
    keepSpan(trace, span)
    if (origin === undefined) inject(traces.setSpan(context.active(), span), trace.headers)
  }

  /**
   * Attributes of the span. They are assigned one by one, because spreading costs more than the rest of this function.
   */
  #attributesOf(trace: PublishTrace, operation: string): Attributes {
    const { routingKey, messageId, correlationId, bytes } = trace
    const attributes: Attributes = {
      [SYSTEM]: RABBITMQ,
      [OPERATION_NAME]: operation,
      [OPERATION_TYPE]: 'send',
      [ROUTING_KEY]: routingKey,
      [MESSAGE_ID]: messageId,
    }
    noteTarget(attributes, trace)
    noteServer(attributes, trace)
    if (correlationId !== undefined) attributes[CONVERSATION_ID] = correlationId
    if (this.#bodySize) attributes[BODY_SIZE] = bytes
    return attributes
  }

  #end(trace: PublishTrace): void {
    const span = takeSpan(trace)
    if (span === undefined) return
    if (span.isRecording()) {
      if (trace.outcome !== undefined) span.setAttribute(OUTCOME, trace.outcome)
      if (trace.written > 1) span.setAttribute(RESENT, true)
      if (trace.error !== undefined) fail(span, trace.error)
    }
    span.end()
  }
}

/** Whether the sender gave the message headers. Most have none, and then no propagator needs to look for a context. */
function hasHeaders({ headers }: PublishTrace): boolean {
  for (const name in headers) if (!name.startsWith('leveret-')) return true
  return false
}
