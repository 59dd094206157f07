import { endTrace, runTraced, type ScopedTrace, tracing } from '../async/tracing.js'
import { PublishError, type PublishOutcome } from '../errors/publish-error.js'
import { reservedHeadersProblem } from '../headers/broker-headers.js'
import { headersProblem } from '../message/amqp-table.js'
import type { CopyKind, Headers, OutgoingMessage } from '../message/message.js'
import type { ServerAddress } from './endpoint.js'

/** Who publishes, by what contract. All of it is the same for each message of a role, so metrics may be counted by it. */
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
  /** Name of the contract: of the work queue, exchange or procedure; of a relay (`sendEncoded`) the queue or exchange. */
  readonly contract: string
}

/**
 * One publish, as `tracing:leveret:publish` tells of it: `start` and `end` around handing it over, `asyncEnd` when its outcome is known.
 *
 * `exchange` and `routingKey` are what goes on the wire, so they may hold names that are made for one reply or one queue. Metrics are to be
 * counted by `destination`.
 */
export interface PublishTrace extends PublishOrigin, ScopedTrace {
  /** What users send is a `message` or a `request`; all else leveret makes itself. */
  readonly kind: 'message' | 'request' | 'reply' | CopyKind
  readonly exchange: string
  readonly routingKey: string
  /** Of a topic exchange: the template that the routing key matches. */
  readonly template: string | undefined
  /** Where it goes, in words of the contract: one of few names, and never a random one. */
  readonly destination: string
  readonly messageId: string
  readonly correlationId: string | undefined
  /** Size of the content. */
  readonly bytes: number
  /** The broker that publishes went to last. */
  readonly server: ServerAddress | undefined
  /**
   * A copy of its headers. What a subscriber of `start` adds goes on the wire, where a sender might set it too; other names are left out, with a
   * process warning.
   */
  headers: Record<string, unknown>
  /** How often it was handed to the TCP connection. Above one it was sent again, because its channel was lost before the confirm. */
  written: number
  /** Set before `asyncEnd`. `written`: nobody asked for a confirm, as of calls and their replies. */
  outcome: 'confirmed' | 'written' | PublishOutcome | undefined
}

/** What is told of publishes. */
export const publishing = tracing<PublishTrace>('publish')

const NONE: Headers = {}

/** What a trace needs beside its message. */
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

/** Tells how a publish has ended. @param outcome - where it has not failed */
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
  const { headers: own = NONE } = message.properties
  const added: Record<string, unknown> = {}
  let isChanged = false
  for (const name of Object.keys(headers)) {
    if (headers[name] === undefined || own[name] === headers[name]) continue
    added[name] = headers[name]
    isChanged = true
  }
  if (!isChanged) return message
  const all: Headers = { ...own, ...added }
  const problem = reservedHeadersProblem(added) ?? headersProblem(all)
  if (problem === undefined) return { ...message, properties: { ...message.properties, headers: all } }
  warnOnce(problem)
  return message
}

let hasWarned = false

/** A tracer's mistake is no reason to fail a send. */
function warnOnce(problem: string): void {
  if (hasWarned) return
  hasWarned = true
  const text = `leveret: a subscriber of tracing:leveret:publish:start added headers that cannot be sent, and they were left out: ${problem}`
  process.emitWarning(text, { type: 'LeveretWarning', code: 'LEVERET_TRACE_HEADERS' })
}
