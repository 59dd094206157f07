import { z } from 'zod'
import { type PipelineFailure, pipeline } from '../async/pipeline.js'
import { atMost } from '../async/timing.js'
import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import { Share } from '../connection/room.js'
import type { InputOf } from '../contract/derived-types.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { ClosedError, OptionsError } from '../errors/errors.js'
import { givenAs } from '../errors/given.js'
import { MADE } from '../errors/marks.js'
import { parseOptions } from '../options.js'
import { type MessageOptions, messageOptions } from '../publishing/compose.js'
import type { Sent } from '../publishing/request.js'
import { type Route, Sender, type Sending } from '../publishing/sender.js'
import { queueDeclarationsOf } from '../topology/declarations.js'
import { delayedSendingOf, delayRoute, MAX_SEND_DELAY_MS } from '../topology/delay-levels.js'
import { tellPolicy } from '../topology/queue-policy.js'

/** What a sender may say of one task. */
export interface SendOptions extends MessageOptions {
  /**
   * Nobody gets the task before this time is up; a free worker gets it within a second after, or a few seconds where thousands are due
   * together. Milliseconds, from 0 (at once) to 31,622,400,000 (366 days), rounded up to the next quarter of a second. The task waits in quorum queues that all contracts of
   * the vhost share (`leveret.delay.<ms>`, then `<queue>.delayed`), across restarts of the broker. It cannot be called back. Not together with
   * `expirationMs`. @defaultValue none: at once
   */
  readonly delayMs?: number | undefined
}

/** Checks {@link SendOptions}. */
export const sendOptions = messageOptions
  .extend({
    delayMs: z.int().min(0).max(MAX_SEND_DELAY_MS, 'at most 366 days; keep what is due later in a database').optional(),
  })
  .refine(({ delayMs, expirationMs }) => delayMs === undefined || expirationMs === undefined, {
    path: ['expirationMs'],
    message: 'a delayed task that expires would be delivered when it expires: give one or the other',
  })

/** What `sendAll` may be told, beside what holds for each task. */
export interface SendAllOptions<Payload> extends Omit<SendOptions, 'messageId' | 'failFast'> {
  /** Gets each task that failed, and sending goes on. Without it the first failure ends `sendAll`. */
  readonly onFailure?: ((failure: PipelineFailure<Payload>) => void) | undefined
}

const failureOptions = z.looseObject({
  onFailure: z.custom((value) => typeof value === 'function', 'expected a function').optional(),
})

/** @throws {@link OptionsError} there is nothing to iterate over */
function checkSource(payloads: unknown): void {
  const { [Symbol.iterator]: now, [Symbol.asyncIterator]: later } = Object(payloads)
  if (typeof payloads !== 'string' && (typeof now === 'function' || typeof later === 'function')) return
  const advice = typeof payloads === 'function' ? '. Call it, if it is a generator' : ''
  throw new OptionsError(
    `sendAll: the tasks are ${givenAs(payloads)}: expected a list, or another source of them${advice}`,
  )
}

/** How `sendAll` ended. */
export interface SentAll {
  readonly sent: number
  readonly failed: number
}

const NO_OPTIONS: SendOptions = {}

/** Sends tasks to one queue, each confirmed by the broker. */
export class Producer<const C extends WorkQueue = WorkQueue> implements AsyncDisposable {
  readonly #contract: C
  readonly #internals: ConnectionInternals
  readonly #closing = new Closing()
  readonly #sender: Sender
  readonly #directRoute: Route
  readonly #directly: Sending
  readonly #unregister: () => void

  /** Nothing is opened or declared before the first `send`. @throws {@link ClosedError} the connection has been closed */
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
    tellPolicy(contract, this.#internals.log)
    this.#unregister = this.#internals.register({
      stage: 'producer',
      sender: `producer of '${contract.name}'`,
      close: async (timeoutMs) => await this.close({ timeoutMs }),
      health: () => this.#sender.health('producer'),
    })
  }

  /**
   * Sends one task. Resolves when the broker has stored it: the confirm has come, and a queue has taken it.
   *
   * The queue and its dead-letter queue are declared first, once per connection. A connection lost on the way is waited
   * out, and the task sent again under the same `messageId`, until `timeoutMs` is up; so a task may be stored twice.
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
   * Sends many tasks, each as {@link send} does, with as many unconfirmed at once as the connection allows, and takes the next
   * one from the source when few of them wait to be written: a source of any length needs bounded memory. They are stored in the order of the
   * source, as long as no connection is lost. A source that keeps it waiting is left as soon as there is a reason to end: its `return()` is called, and not waited for.
   *
   * @returns how many were confirmed and how many failed, when all have settled
   * @throws the first failure, without `onFailure`; the signal's reason; what the source itself throws; a {@link ClosedError} when the
   *   producer or its connection closes; each when what was begun has settled
   */
  async sendAll(
    payloads: Iterable<InputOf<C>> | AsyncIterable<InputOf<C>>,
    given: SendAllOptions<InputOf<C>> = {},
  ): Promise<SentAll> {
    checkSource(payloads)
    const { onFailure: _checked, ...options } = parseOptions(failureOptions, given, 'sendAll')
    const { onFailure } = given
    const checked = parseOptions(sendOptions, options, 'sendAll')
    const { room, settings } = this.#internals
    const { maxInFlight, maxQueued } = settings
    const patience = new Share()
    const sending = { ...this.#sendingOf(checked), patience }
    const result = await pipeline(payloads, {
      limit: Math.min(maxInFlight, maxQueued),
      work: (payload) => this.#sender.send(this.#contract, payload, sending),
      whenReady: () => room.whenLow(patience),
      onFailure,
      signals: [this.#closing.signal, ...(checked.signal === undefined ? [] : [checked.signal])],
    }).catch((error: unknown) => {
      if (error !== this.#closing.signal.reason) throw error
      throw new ClosedError(`The producer of '${this.#contract.name}' was closed before all was sent`)
    })
    return { sent: result.succeeded, failed: result.failed }
  }

  /** Takes no more tasks and waits until those in hand have settled. A second call returns the same promise. */
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
