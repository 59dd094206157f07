import { z } from 'zod'
import { publishing } from '../amqp/publish-trace.js'
import { isLater, type MaybePromise, whenReady } from '../async/maybe-promise.js'
import { MAX_TIMER_MS } from '../async/timing.js'
import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { RoleHealth } from '../connection/health.js'
import type { InputOf, ResponseOf } from '../contract/derived-types.js'
import { encodePayload } from '../contract/payloads/payload.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import { decodeAnswer } from '../contract/procedures/answer.js'
import type { Procedure } from '../contract/procedures/procedure.js'
import { ClosedError } from '../errors/closed-error.js'
import { MADE } from '../errors/marks.js'
import type { ReceivedMessage } from '../message/message.js'
import { parseOptions, signalOption } from '../options.js'
import { composeProperties, type PropertyOptions, propertyOptions } from '../publishing/compose.js'
import { type Intercepted, Interception } from '../publishing/interception.js'
import type { Call } from '../rpc/client/call.js'
import { type CallTrace, calling, traceCall } from '../rpc/client/call-trace.js'
import { Caller } from '../rpc/client/caller.js'
import { traceRequest } from '../rpc/client/request-trace.js'

const timeoutMs = z.int().min(1).max(MAX_TIMER_MS)

/**
 * Calls a procedure and gets its responses. One client makes any number of calls at once, over one channel.
 *
 * @example
 * ```ts
 * import { connect, procedure, RpcClient, RpcServer } from 'leveret'
 * import { z } from 'zod'
 *
 * const double = procedure('double', { request: z.int(), response: z.int() })
 * await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * await new RpcServer(rabbit, double, (n) => 2 * n).start()
 * const client = new RpcClient(rabbit, double, { timeoutMs: 5_000 })
 * console.log(await client.call(21)) // prints: 42
 * ```
 */
export class RpcClient<const P extends Procedure = Procedure> implements AsyncDisposable {
  readonly #procedure: P
  readonly #internals: ConnectionInternals
  readonly #caller: Caller
  readonly #interception: Interception
  readonly #contractHeader: string | undefined
  readonly #timeoutMs: number
  readonly #confirm: boolean
  readonly #closing = new Closing()
  readonly #unregister: () => void

  /**
   * Opens nothing before the first call.
   *
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(rabbit: Connection, procedure: P, options: RpcClientOptions = {}) {
    checkContract('RpcClient', procedure, 'procedure')
    const { name, requests } = procedure
    this.#procedure = procedure
    const { timeoutMs: limitMs, confirm } = parseOptions(clientOptions, options, 'RpcClient')
    this.#timeoutMs = limitMs
    this.#confirm = confirm
    this.#internals = internalsOf(rabbit)
    this.#internals.assertOpen()
    this.#contractHeader = requests.version === undefined ? undefined : `${name}@${requests.version}`
    this.#caller = new Caller(name, this.#internals, { confirm })
    this.#interception = new Interception(this.#internals.settings.interceptors, this.#caller.signal)
    this.#unregister = this.#internals.register({
      stage: 'producer',
      sender: `RPC client of '${name}'`,
      close: async (closeTimeoutMs) => await this.close({ timeoutMs: closeTimeoutMs }),
      health: () => this.#health(),
    })
  }

  /**
   * Sends a request and waits for the response. Without a connection it waits for one. A request that was sent is never
   * sent again, because it may have been handled.
   *
   * @throws {@link ProcedureError} the server answered with an error that the procedure declares
   * @throws {@link RpcRemoteError} the server answered with another error
   * @throws {@link RpcTimeoutError} no reply came in time; `outcome` says whether the request may have been handled
   * @throws {@link RpcNoResponderError} at once if the procedure's queue does not exist, and within seconds if it has
   *   no consumer
   * @throws {@link ConnectionError} the channel was lost meanwhile; the request may have been handled
   * @throws {@link PayloadError} the schema refuses the request, which was not sent (`outgoing`), or the reply
   *   (`incoming`)
   * @throws {@link PublishError} the broker refused the request, the request is too large, or too many requests wait
   * @throws {@link OptionsError}, or {@link ClosedError} when the client is closed before the reply comes
   */
  call(request: InputOf<P>, options?: CallOptions): Promise<ResponseOf<P>> {
    try {
      const checked = options === undefined ? NO_OPTIONS : parseOptions(callOptions, options, 'call')
      const { requests, name } = this.#procedure
      if (this.#closing.begun) throw new ClosedError(`The client of '${name}' has been closed`)
      if (calling.hasSubscribers)
        return traceCall(this.#origin(), () => this.#send(encodePayload(requests, request), checked))
      return this.#send(encodePayload(requests, request), checked)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Sends a request. Without interceptors the caller gets the promise of the call itself, because each further one has
   * a cost.
   */
  #send(
    encoded: MaybePromise<Buffer>,
    { signal, timeoutMs: limitMs = this.#timeoutMs, ...options }: CallOptions,
  ): Promise<ResponseOf<P>> {
    const { requests, name } = this.#procedure
    const call = this.#caller.begin({ timeoutMs: limitMs, signal, read: this.#read })
    const properties = composeProperties(requests.codec, this.#contractHeader, {
      ...options,
      correlationId: call.correlationId,
    })
    // The type of `read` is the type of the response's schema.
    const result = call.result as Promise<ResponseOf<P>>
    const sending = whenReady(encoded, (content): MaybePromise<void> => {
      const message = { exchange: '', routingKey: name, content, mandatory: true, properties }
      const request = { message, timeoutMs: limitMs, signal }
      return publishing.hasSubscribers ? this.#handTraced(call, request) : this.#hand(call, request)
    })
    return isLater(sending) ? this.#after(sending, call, result) : result
  }

  #hand(call: Call, request: Intercepted): MaybePromise<void> {
    return this.#interception.isWanted ? this.#sendInside(call, request) : this.#caller.send(call, request.message)
  }

  #handTraced(call: Call, request: Intercepted): MaybePromise<void> {
    const { message, ...terms } = request
    const about = { message, confirm: this.#confirm }
    return traceRequest(call, this.#origin(), about, (traced) => this.#hand(call, { ...terms, message: traced }))
  }

  #origin(): CallTrace {
    const { name: connection, publishLane } = this.#internals
    const { server } = publishLane
    return { connection, contract: this.#procedure.name, server, run: undefined, error: undefined }
  }

  /** Waits for an asynchronous schema, codec or interceptor, during which the call may end. */
  async #after<T>(sending: Promise<void>, call: Call, result: Promise<T>): Promise<T> {
    const sent = sending.catch((error: unknown) => call.fail(error))
    await Promise.race([sent, result])
    if (this.#interception.isWanted) await sent
    return await result
  }

  readonly #read = ({ content, properties }: ReceivedMessage): MaybePromise<ResponseOf<P>> =>
    decodeAnswer(this.#procedure, content, properties)

  /** Sends inside the interceptors. Never rejects: the call fails instead. */
  async #sendInside(call: Call, request: Intercepted): Promise<void> {
    const submit = async ({ message }: Intercepted): Promise<void> => {
      this.#caller.send(call, message)
      await call.whenAccepted()
    }
    const sink = { hold: NOTHING_TO_GIVE_UP, submit }
    await this.#interception.submit(request, sink).catch((error: unknown) => call.fail(error))
  }

  /**
   * Takes no more calls, and waits for the replies to those in flight. A call without a reply when `timeoutMs` is over
   * rejects with a `ClosedError`. A second call of `close` returns the same promise.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, (closeTimeoutMs) => this.#close(closeTimeoutMs))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  get [MADE](): 'role' {
    return 'role'
  }

  async #close(closeTimeoutMs: number): Promise<void> {
    await this.#caller.close(closeTimeoutMs)
    this.#unregister()
  }

  #health(): RoleHealth {
    const { state, why: laneWhy } = this.#internals.publishLane
    const { attached, inFlight, late, unknown, lastReplyAt, why: channelWhy } = this.#caller.health()
    const ready = state === 'ready' && attached !== false
    const why = laneWhy ?? channelWhy ?? 'its channel is being opened'
    return {
      role: 'rpc-client',
      name: this.#procedure.name,
      ready,
      ...(attached === undefined ? {} : { attached }),
      inFlight,
      late,
      unknown,
      ...(lastReplyAt === undefined ? {} : { lastDeliveryAt: lastReplyAt }),
      ...(ready ? {} : { why }),
    }
  }
}

/** Options of {@link RpcClient}. */
export interface RpcClientOptions {
  /**
   * The time limit of a call that sets none itself, in milliseconds, from 1 to 2,147,483,647. Then the call rejects
   * with an `RpcTimeoutError`.
   * @defaultValue 10_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * Whether the broker confirms each request. Without it, a request that a full queue refuses
   * (`x-overflow: reject-publish`) times out. With it, the call rejects at once with a `PublishError`, and the broker
   * sends one more frame per call.
   * @defaultValue false
   */
  readonly confirm?: boolean | undefined
}

/** Checks {@link RpcClientOptions}. */
export const clientOptions = z.strictObject({
  timeoutMs: timeoutMs.default(10_000),
  confirm: z.boolean().default(false),
})

/** Options of {@link RpcClient.call}. */
export interface CallOptions
  extends Pick<PropertyOptions, 'messageId' | 'headers' | 'priority' | 'type' | 'appId' | 'userId'> {
  /**
   * How long to wait for the reply, in milliseconds, from 1 to 2,147,483,647. The request expires with it: no server
   * begins it later.
   * @defaultValue the client's
   */
  readonly timeoutMs?: number | undefined
  /** Ends the call: it rejects with the signal's reason. A request that was sent may be handled all the same. */
  readonly signal?: AbortSignal | undefined
}

/** Checks {@link CallOptions}. */
export const callOptions = propertyOptions
  .pick({ messageId: true, headers: true, priority: true, type: true, appId: true, userId: true })
  .extend({ timeoutMs: timeoutMs.optional(), signal: signalOption.optional() })

const NO_OPTIONS: CallOptions = {}
const NOTHING_TO_GIVE_UP = () => () => undefined
