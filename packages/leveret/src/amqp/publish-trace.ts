import { endTrace, runTraced, type ScopedTrace, tracing } from '../async/tracing.js'
import { PublishError, type PublishOutcome } from '../errors/publish-error.js'
import { warnOnce } from '../errors/warn-once.js'
import { reservedHeadersProblem } from '../headers/broker-headers.js'
import { headersProblem } from '../message/amqp-table.js'
import type { CopyKind, Headers, OutgoingMessage } from '../message/message.js'
import type { ServerAddress } from './endpoint.js'

/**
 * Origin of a publish: the connection, the role and the contract. It is the same for all messages of a role, so metrics
 * may use it as labels.
 */
export interface PublishOrigin {
  /** Name of the connection. */
  readonly connection: string
  readonly role:
    | 'producer'
    | 'publisher'
    | 'relay'
    | 'rpc-client'
    | 'rpc-server'
    | 'worker'
    | 'subscriber'
    | 'dead-letters'
  /**
   * Name of the contract: the work queue, exchange or procedure. For a relay (`sendEncoded`), the queue or exchange.
   */
  readonly contract: string
}

/**
 * One publish, as published on `tracing:leveret:publish`: `start` and `end` around handing it over, `asyncEnd` when its
 * outcome is known.
 *
 * `exchange` and `routingKey` have the values on the wire, which may include names made for one reply or one queue.
 * Metrics should use `destination` instead.
 */
export interface PublishTrace extends PublishOrigin, ScopedTrace {
  /** Kind of the publish. Users send a `message` or a `request`; leveret itself sends all other kinds. */
  readonly kind: 'message' | 'request' | 'reply' | CopyKind
  readonly exchange: string
  readonly routingKey: string
  /** The template that the routing key matches, for a topic exchange. */
  readonly template: string | undefined
  /** The destination in the words of the contract: one of few names, never a random one. */
  readonly destination: string
  readonly messageId: string
  readonly correlationId: string | undefined
  /** Size of the content, in bytes. */
  readonly bytes: number
  /** The broker of the latest publish connection. */
  readonly server: ServerAddress | undefined
  /**
   * A copy of the message's headers. Headers that a subscriber of `start` adds are sent too, if a sender may set them.
   * Others are left out, with a process warning.
   */
  headers: Record<string, unknown>
  /**
   * How many times the message was written to the TCP connection. Above 1, it was sent again because its channel was
   * lost before the confirm.
   */
  written: number
  /**
   * The outcome, set before `asyncEnd`. `written` means that no confirm was asked for, as with calls and their replies.
   */
  outcome: 'confirmed' | 'written' | PublishOutcome | undefined
}

/** The tracing channel of publishes. */
export const publishing = tracing<PublishTrace>('publish')

const NONE: Headers = {}

/** Fields of a trace that its message does not have. */
export interface PublishPlace extends PublishOrigin {
  readonly kind: PublishTrace['kind']
  readonly destination: string
  readonly template?: string | undefined
  readonly server: ServerAddress | undefined
}

/** Publishes a message between `start` and `end` of its trace, with the headers that subscribers have added. */
export function tracePublish<R>(
  place: PublishPlace,
  message: OutgoingMessage,
  publish: (message: OutgoingMessage, trace: PublishTrace) => R,
): R {
  const { exchange, routingKey, content, properties } = message
  const { connection, role, contract, kind, destination, template, server } = place
  const trace: PublishTrace = {
    connection,
    role,
    contract,
    kind,
    exchange,
    routingKey,
    template,
    destination,
    messageId: properties.messageId,
    correlationId: properties.correlationId,
    bytes: content.length,
    server,
    headers: { ...properties.headers },
    written: 0,
    outcome: undefined,
    run: undefined,
    error: undefined,
  }
  return runTraced(publishing, trace, () => publish(withHeadersOf(trace, message), trace))
}

/** Publishes the end of a publish. @param outcome - the outcome if there is no error */
export function endPublish(trace: PublishTrace, error: unknown, outcome: 'confirmed' | 'written' = 'confirmed'): void {
  trace.outcome = error === undefined ? outcome : outcomeOf(error, trace)
  if (error !== undefined) trace.error = error
  endTrace(publishing, trace)
}

function outcomeOf(error: unknown, { written }: PublishTrace): PublishOutcome {
  if (error instanceof PublishError) return error.outcome
  return written > 0 ? 'unknown' : 'not-sent'
}

function withHeadersOf({ headers }: PublishTrace, message: OutgoingMessage): OutgoingMessage {
  const { properties } = message
  const { headers: own = NONE } = properties
  let added: Record<string, unknown> | undefined
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || own[name] === value) continue
    added ??= {}
    added[name] = value
  }
  if (added === undefined) return message
  const all: Headers = own === NONE ? added : { ...own, ...added }
  const problem = reservedHeadersProblem(added) ?? headersProblem(all)
  if (problem === undefined) return { ...message, properties: { ...properties, headers: all } }
  warnOfHeaders(problem)
  return message
}

/** Warns, because a tracer's mistake must not fail a send. */
function warnOfHeaders(problem: string): void {
  const text = `leveret: a subscriber of tracing:leveret:publish:start added headers that cannot be sent, so the message was sent without them: ${problem}`
  warnOnce('', text, { code: 'LEVERET_TRACE_HEADERS' })
}
