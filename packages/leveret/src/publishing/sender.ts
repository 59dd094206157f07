import { endPublish, type PublishOrigin, type PublishPlace, publishing, tracePublish } from '../amqp/publish-trace.js'
import { InFlightCount } from '../async/in-flight-count.js'
import { isLater } from '../async/maybe-promise.js'
import type { Closing } from '../connection/closing.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { RoleHealth } from '../connection/health.js'
import { SenderShare } from '../connection/queued-messages.js'
import type { Codec } from '../contract/payloads/codec.js'
import { encodePayload, type PayloadContract } from '../contract/payloads/payload.js'
import type { Schema, SchemaInput } from '../contract/payloads/schema.js'
import { BrokerError } from '../errors/broker-error.js'
import { BrokerVersionError } from '../errors/broker-version-error.js'
import { ClosedError } from '../errors/closed-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { PublishError } from '../errors/publish-error.js'
import { publishError } from '../errors/publish-failures.js'
import { TopologyMismatchError } from '../errors/topology-mismatch-error.js'
import type { OutgoingMessage } from '../message/message.js'
import { newMessageId } from '../message/message-id.js'
import { composeProperties, type MessageOptions } from './compose.js'
import type { PublishEngine } from './engine/publish-engine.js'
import { publishEngineOf } from './engine/publish-engine-of.js'
import type { PublishRequest, Sent, Topology } from './engine/request.js'
import { SenderLine } from './engine/turns.js'
import { encodedInTime } from './given-up.js'
import { Interception } from './interception.js'

const NOTHING = Buffer.alloc(0)

/** Takes a payload from its sender to the publish engine: check, encode, compose, intercept, submit. */
export class Sender {
  readonly #name: string
  readonly #role: PublishOrigin['role']
  readonly #contractHeader: string | undefined
  readonly #closing: Closing
  readonly #internals: ConnectionInternals
  readonly #engine: PublishEngine
  readonly #interception: Interception
  readonly #line = new SenderLine()
  readonly #share = new SenderShare()
  readonly #inFlight = new InFlightCount()
  #refused: LeveretError | undefined

  /** @throws {@link ClosedError} if the connection has been closed */
  constructor(rabbit: Connection, role: PublishOrigin['role'], contract: SenderContract, closing: Closing) {
    this.#name = contract.name
    this.#role = role
    this.#contractHeader = contractHeaderOf(contract)
    this.#closing = closing
    this.#internals = internalsOf(rabbit)
    this.#internals.assertOpen()
    this.#engine = publishEngineOf(rabbit)
    this.#interception = new Interception(this.#internals.settings.interceptors, this.#engine.signal)
  }

  /**
   * Checks, encodes and sends a payload.
   *
   * @param contract - contract of the payload
   * @throws {@link PayloadError}, {@link PublishError}, or the reason why the topology was refused
   */
  send<S extends Schema>(contract: PayloadContract<S>, payload: SchemaInput<S>, sending: Sending): Promise<Sent> {
    try {
      const { codec } = contract
      const encoded = encodePayload(contract, payload)
      if (isLater(encoded)) return this.#sendLater(encoded, codec, sending)
      const properties = composeProperties(codec, this.#contractHeader, sending.options)
      return this.#submit(this.#requestOf(encoded, properties, sending), sending.route)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Waits for headers as long as for the payload itself. @throws {@link PublishError} if they do not come in time */
  async beside<T>(work: () => Promise<T>, { route, options }: Sending): Promise<T> {
    const properties = { messageId: options.messageId ?? newMessageId() }
    const { timeoutMs, signal } = this.#requestOf(NOTHING, properties, { route, options })
    this.#inFlight.begin()
    try {
      return await encodedInTime(work(), { ...route, properties }, { timeoutMs, signal, closed: this.#engine.signal })
    } finally {
      this.#inFlight.end()
    }
  }

  /** Resolves when no message is in flight. */
  async whenIdle(): Promise<void> {
    await this.#inFlight.whenEmpty()
  }

  health(role: RoleHealth['role']): RoleHealth {
    const { state, why = this.#engine.why ?? this.#refused?.message } = this.#internals.publishLane
    const ready = state === 'ready' && why === undefined
    const base = { role, name: this.#name, ready, inFlight: this.#inFlight.size }
    return why === undefined ? base : { ...base, why }
  }

  /** Sends content that was encoded before. @throws {@link PublishError}, as a rejection too */
  async sendEncoded(content: Buffer, properties: OutgoingMessage['properties'], sending: Sending): Promise<Sent> {
    return await this.#submit(this.#requestOf(content, properties, sending), sending.route)
  }

  /**
   * Sends content that is encoded asynchronously. Its time runs from the start, and `close` waits for it from the
   * start.
   */
  async #sendLater(encoding: Promise<Buffer>, codec: Codec, sending: Sending): Promise<Sent> {
    const properties = composeProperties(codec, this.#contractHeader, sending.options)
    const request = this.#requestOf(NOTHING, properties, sending)
    const dueAt = performance.now() + request.timeoutMs
    this.#inFlight.begin()
    try {
      const content = await encodedInTime(encoding, request.message, { ...request, closed: this.#engine.signal })
      const timeoutMs = Math.max(Math.ceil(dueAt - performance.now()), 1)
      return await this.#submit({ ...request, message: { ...request.message, content }, timeoutMs }, sending.route)
    } finally {
      this.#inFlight.end()
    }
  }

  #requestOf(
    content: Buffer,
    properties: OutgoingMessage['properties'],
    { route, options, patience }: Sending,
  ): PublishRequest {
    const { exchange, routingKey, mandatory, topology, whenReturned } = route
    const message = { exchange, routingKey, mandatory, content, properties }
    if (this.#closing.begun) throw this.#closedError(message)
    const { timeoutMs = this.#internals.settings.publishTimeoutMs, signal, failFast } = options
    const hasNewId = options.messageId === undefined
    const line = this.#line
    const share = patience ?? this.#share
    const patient = patience !== undefined
    return { message, hasNewId, topology, line, share, patient, timeoutMs, signal, failFast, whenReturned }
  }

  /**
   * Submits a request. Without interceptors the engine's own promise is returned: one more for each message would cost
   * more than most of this.
   */
  #submit(request: PublishRequest, route: Route): Promise<Sent> {
    this.#inFlight.begin()
    if (publishing.hasSubscribers) return this.#submitTraced(request, route)
    return this.#interception.isWanted
      ? this.#sendInside(request, this.#ended)
      : this.#engine.submit(request, this.#ended)
  }

  #submitTraced(request: PublishRequest, route: Route): Promise<Sent> {
    return tracePublish(this.#placeOf(route), request.message, (message, trace) => {
      const traced = { ...request, message, trace }
      const ended = (error: unknown): void => {
        this.#ended(error)
        endPublish(trace, error)
      }
      return this.#interception.isWanted ? this.#sendInside(traced, ended) : this.#engine.submit(traced, ended)
    })
  }

  #placeOf({ destination = this.#name, template }: Route): PublishPlace {
    const { name: connection, publishLane } = this.#internals
    const { server } = publishLane
    return { connection, role: this.#role, contract: this.#name, kind: 'message', destination, template, server }
  }

  async #sendInside(request: PublishRequest, ended: (error: unknown) => void): Promise<Sent> {
    try {
      await this.#interception.submit(request, this.#engine)
      ended(undefined)
      return { messageId: request.message.properties.messageId }
    } catch (error) {
      ended(error)
      throw error
    }
  }

  #closedError(message: OutgoingMessage): PublishError {
    const cause = new ClosedError(`The sender of '${this.#name}' has been closed`)
    return publishError('not-sent', message, cause.message, { cause, retryable: false })
  }

  readonly #ended = (error: unknown): void => {
    this.#refused = error === undefined ? undefined : (refusalOf(error) ?? this.#refused)
    this.#inFlight.end()
  }
}

/** Target of a message, and the declarations that it needs. */
export interface Route {
  readonly exchange: string
  readonly routingKey: string
  readonly topology: Topology
  /**
   * Whether the broker returns the message if no queue takes it. That is an error, unless there is a `whenReturned`.
   */
  readonly mandatory: boolean
  readonly whenReturned?: (isSure: boolean) => void
  /** The template that the routing key matches, for a topic exchange. */
  readonly template?: string | undefined
  /** The destination in the words of the contract. @defaultValue the contract's name */
  readonly destination?: string
}

/** Options of sending one payload. */
export interface Sending {
  readonly route: Route
  readonly options: MessageOptions
  /** Share of a sender that brings many messages one after the other: they wait for room, where others are refused. */
  readonly patience?: SenderShare
}

/** Contract of a sender's messages. */
export interface SenderContract {
  readonly name: string
  readonly version?: string
}

/** Value of the header `leveret-contract` for a contract that has a version. */
export function contractHeaderOf({ name, version }: SenderContract): string | undefined {
  return version === undefined ? undefined : `${name}@${version}`
}

/**
 * Returns the error if it concerns the queue, which stays refused. A failure of one message says nothing of the next.
 */
function refusalOf(error: unknown): LeveretError | undefined {
  const isOfQueue =
    error instanceof TopologyMismatchError || error instanceof BrokerError || error instanceof BrokerVersionError
  return isOfQueue ? error : undefined
}
