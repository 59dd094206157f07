import { z } from 'zod'
import { type PipelineFailure, pipeline } from '../async/pipeline.js'
import { atMost } from '../async/timing.js'
import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import { SenderShare } from '../connection/queued-messages.js'
import type { InputOf } from '../contract/derived-types.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { ClosedError } from '../errors/closed-error.js'
import { givenAs } from '../errors/given.js'
import { MADE } from '../errors/marks.js'
import { OptionsError } from '../errors/options-error.js'
import { parseOptions } from '../options.js'
import { type MessageOptions, messageOptions } from '../publishing/compose.js'
import type { Sent } from '../publishing/engine/request.js'
import { type Route, Sender, type Sending } from '../publishing/sender.js'
import { queueDeclarationsOf } from '../topology/declarations.js'
import { delayedSendingOf, delayRoute, MAX_SEND_DELAY_MS } from '../topology/delay-levels.js'
import { warnOfPolicy } from '../topology/queue-warnings.js'

/**
 * Sends tasks to one queue, each confirmed by the broker.
 *
 * @example
 * ```ts
 * import { connect, Producer, workQueue } from 'leveret'
 * import { z } from 'zod'
 *
 * const emails = workQueue('emails', { payload: z.object({ to: z.email() }) })
 * await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * const producer = new Producer(rabbit, emails)
 * const { messageId } = await producer.send({ to: 'ann@example.com' }, { delayMs: 60_000 })
 * console.log(`stored ${messageId}`) // prints: stored …
 * ```
 */
export class Producer<const C extends WorkQueue = WorkQueue> implements AsyncDisposable {
  readonly #contract: C
  readonly #internals: ConnectionInternals
  readonly #closing = new Closing()
  readonly #sender: Sender
  readonly #directRoute: Route
  readonly #directly: Sending
  readonly #unregister: () => void

  /** Opens and declares nothing before the first `send`. @throws {@link ClosedError} the connection was closed */
  constructor(rabbit: Connection, contract: C) {
    checkContract('Producer', contract, 'work-queue')
    this.#contract = contract
    this.#internals = internalsOf(rabbit)
    this.#sender = new Sender(rabbit, 'producer', contract, this.#closing)
    this.#directRoute = {
      exchange: '',
      routingKey: contract.name,
      topology: queueDeclarationsOf(contract),
      mandatory: true,
    }
    this.#directly = { route: this.#directRoute, options: NO_OPTIONS }
    warnOfPolicy(contract, this.#internals.log)
    this.#unregister = this.#internals.register({
      stage: 'producer',
      sender: `producer of '${contract.name}'`,
      close: async (timeoutMs) => await this.close({ timeoutMs }),
      health: () => this.#sender.health('producer'),
    })
  }

  /**
   * Sends one task. Resolves when a queue has stored it and the broker has confirmed that.
   *
   * The queue and its dead-letter queue are declared first, once per connection. If the connection is lost meanwhile,
   * `send` waits for the next one and sends the task again under the same `messageId`, until `timeoutMs` is over. So a
   * task may be stored twice.
   *
   * @throws {@link PayloadError} the schema refuses the payload; nothing was sent
   * @throws {@link OptionsError} an option is wrong; nothing was sent
   * @throws {@link TopologyMismatchError} the queue exists with other arguments; nothing was sent
   * @throws {@link BrokerVersionError} the broker is too old for the contract; nothing was sent
   * @throws {@link BrokerError} the queue may not be declared; nothing was sent
   * @throws {@link ConnectionError} the login, vhost or certificate is refused and never was accepted; nothing was sent
   * @throws {@link PublishError} `outcome` says whether it may have been stored
   * @see https://www.rabbitmq.com/docs/confirms#publisher-confirms
   */
  send(payload: InputOf<C>, options?: SendOptions): Promise<Sent> {
    if (options === undefined) return this.#sender.send(this.#contract, payload, this.#directly)
    return this.#sendWith(payload, options)
  }

  /**
   * Sends many tasks, each as {@link send} does, with as many unconfirmed tasks at once as the connection allows. It
   * takes the next task from the source only when few wait to be written, so a source of any length needs limited
   * memory. The tasks are stored in the order of the source, unless a connection is lost. When there is a reason to
   * end, a source that has not answered is not awaited: `sendAll` only calls its `return()`.
   *
   * @returns how many tasks were confirmed and how many failed, when all have settled
   * @throws the first failure, if there is no `onFailure`; the signal's reason; an error of the source; a
   *   {@link ClosedError} when the producer or its connection closes; each after the tasks that were begun have settled
   */
  async sendAll(
    payloads: Iterable<InputOf<C>> | AsyncIterable<InputOf<C>>,
    given: SendAllOptions<InputOf<C>> = {},
  ): Promise<SentAll> {
    checkSource(payloads)
    const { onFailure: _checked, ...options } = parseOptions(failureOptions, given, 'sendAll')
    const { onFailure } = given
    const checked = parseOptions(sendOptions, options, 'sendAll')
    const { queued, settings } = this.#internals
    const { maxInFlight, maxQueued } = settings
    const patience = new SenderShare()
    const sending = { ...this.#sendingOf(checked), patience }
    const result = await pipeline(payloads, {
      limit: Math.min(maxInFlight, maxQueued),
      work: (payload) => this.#sender.send(this.#contract, payload, sending),
      whenReady: () => queued.whenLow(patience),
      onFailure,
      signals: [this.#closing.signal, ...(checked.signal === undefined ? [] : [checked.signal])],
    }).catch((error: unknown) => {
      if (error !== this.#closing.signal.reason) throw error
      throw new ClosedError(`The producer of '${this.#contract.name}' was closed before all payloads were sent`)
    })
    return { sent: result.succeeded, failed: result.failed }
  }

  /** Takes no more tasks, and waits until those already begun have settled. A second call returns the same promise. */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, (timeoutMs) => this.#close(timeoutMs))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  get [MADE](): 'role' {
    return 'role'
  }

  async #sendWith(payload: InputOf<C>, options: SendOptions): Promise<Sent> {
    const checked = parseOptions(sendOptions, options, 'send')
    return await this.#sender.send(this.#contract, payload, this.#sendingOf(checked))
  }

  #sendingOf(options: z.output<typeof sendOptions>): Sending {
    const { delayMs = 0 } = options
    if (delayMs === 0) return { route: this.#directRoute, options }
    const { exchange, headers, levels } = delayRoute(this.#contract.name, delayMs)
    const route = { ...this.#directRoute, exchange, topology: delayedSendingOf(this.#contract, levels) }
    return { route, options: { ...options, headers: { ...options.headers, ...headers } } }
  }

  async #close(timeoutMs: number): Promise<void> {
    await atMost(timeoutMs, this.#sender.whenIdle())
    this.#unregister()
  }
}

/** Options of {@link Producer.send}. */
export interface SendOptions extends MessageOptions {
  /**
   * The least time until a worker gets the task, in milliseconds, from 0 (at once) to 31,622,400,000 (366 days),
   * rounded up to the next quarter of a second. A free worker gets it within a second after that, or within a few
   * seconds if thousands are due together. The task waits in quorum queues that all contracts of the vhost share
   * (`leveret.delay.<ms>`, then `<queue>.delayed`), and survives restarts of the broker. It cannot be recalled.
   * Excludes `expirationMs`.
   * @defaultValue none: at once
   */
  readonly delayMs?: number | undefined
}

/** Checks {@link SendOptions}. */
export const sendOptions = messageOptions
  .extend({
    delayMs: z.int().min(0).max(MAX_SEND_DELAY_MS, 'at most 366 days; keep later tasks in a database').optional(),
  })
  .refine(({ delayMs, expirationMs }) => delayMs === undefined || expirationMs === undefined, {
    path: ['expirationMs'],
    message: 'a delayed task that expires would be delivered when it expires: use only one of the two',
  })

/** Options of {@link Producer.sendAll}. Those of a task hold for each of them. */
export interface SendAllOptions<Payload> extends Omit<SendOptions, 'messageId' | 'failFast'> {
  /** Receives each task that failed, and sending continues. Without it, the first failure ends `sendAll`. */
  readonly onFailure?: ((failure: PipelineFailure<Payload>) => void) | undefined
}

const failureOptions = z.looseObject({
  onFailure: z.custom((value) => typeof value === 'function', 'expected a function').optional(),
})

/** @throws {@link OptionsError} the tasks are not iterable */
function checkSource(payloads: unknown): void {
  const { [Symbol.iterator]: now, [Symbol.asyncIterator]: later } = Object(payloads)
  if (typeof payloads !== 'string' && (typeof now === 'function' || typeof later === 'function')) return
  const advice = typeof payloads === 'function' ? '. Call it, if it is a generator' : ''
  throw new OptionsError(
    `sendAll: the tasks are ${givenAs(payloads)}: expected a list, or another source of them${advice}`,
  )
}

/** The result of `sendAll`. */
export interface SentAll {
  readonly sent: number
  readonly failed: number
}

const NO_OPTIONS: SendOptions = {}
