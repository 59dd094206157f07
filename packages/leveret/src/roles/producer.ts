import { z } from 'zod'
import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { RoleHealth } from '../connection/health.js'
import { encodePayload } from '../contract/payload.js'
import type { InputOf, Schema } from '../contract/schema.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { BrokerError, ClosedError, type LeveretError, PublishError, TopologyMismatchError } from '../errors.js'
import { InHand } from '../in-hand.js'
import { parseOptions } from '../options.js'
import { composeProperties, messageOptions } from '../publishing/compose.js'
import type { Outbox } from '../publishing/outbox.js'
import { outboxOf } from '../publishing/outbox-of.js'
import { type PipelineFailure, pipeline } from '../publishing/pipeline.js'
import type { Topology } from '../publishing/request.js'
import { atMost } from '../timing.js'
import { declarationsOf, delayedDeclarationsOf, delayQueueName } from '../topology/declarations.js'
import { ladderStepMs, MAX_DELAY_MS } from '../topology/delay-ladder.js'

/** What a sender may say of one task. */
export const sendOptions = messageOptions
  .extend({
    /**
     * Nobody gets the task before this time is up, rounded up to the next step of 1 s, 2 s, 5 s, 10 s, 30 s, 1 min, 5 min,
     * 15 min, 1 h, 6 h, 24 h. The task waits in a queue of its step (`<queue>.retry.<ms>`), across restarts of the broker.
     * What is due later, or at an exact time, belongs in a database.
     */
    delayMs: z.int().min(0).max(MAX_DELAY_MS, 'at most 24 hours; keep what is due later in a database').optional(),
  })
  .refine(({ delayMs, expirationMs }) => delayMs === undefined || expirationMs === undefined, {
    path: ['expirationMs'],
    message: 'a delayed task that expires would be delivered when it expires: give one or the other',
  })

/** What a sender may say of one task. */
export type SendOptions = z.input<typeof sendOptions>

/** What `sendAll` may be told, beside what holds for each task. */
export interface SendAllOptions<Payload>
  extends Pick<SendOptions, 'timeoutMs' | 'signal' | 'headers' | 'delayMs' | 'priority'> {
  /** Gets each task that failed, and sending goes on. Without it the first failure ends `sendAll`. */
  readonly onFailure?: (failure: PipelineFailure<Payload>) => void
}

/** How `sendAll` ended. */
export interface SentAll {
  readonly sent: number
  readonly failed: number
}

/** A task that the broker has stored. */
export interface Sent {
  readonly messageId: string
}

const NO_OPTIONS: SendOptions = {}

/** Sends tasks to one queue, each confirmed by the broker. */
export class Producer<S extends Schema> implements AsyncDisposable {
  readonly #contract: WorkQueue<S>
  readonly #contractHeader: string | undefined
  readonly #internals: ConnectionInternals
  readonly #outbox: Outbox
  readonly #inHand = new InHand()
  readonly #unregister: () => void
  readonly #closing = new Closing()
  #refused: LeveretError | undefined

  /** Nothing is opened or declared before the first `send`. @throws {@link ClosedError} the connection has been closed */
  constructor(rabbit: Connection, contract: WorkQueue<S>) {
    this.#contract = contract
    this.#contractHeader = contract.version === undefined ? undefined : `${contract.name}@${contract.version}`
    this.#internals = internalsOf(rabbit)
    this.#internals.assertOpen()
    this.#outbox = outboxOf(rabbit)
    this.#unregister = this.#internals.register({
      stage: 'producer',
      close: async (timeoutMs) => await this.close({ timeoutMs }),
      health: () => this.#health(),
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
   * @throws {@link BrokerError} the queue may not be declared; nothing was sent
   * @throws {@link ConnectionError} the login, vhost or certificate is refused and never was accepted; nothing was sent
   * @throws {@link PublishError} `outcome` says whether it may have been stored
   * @see https://www.rabbitmq.com/docs/confirms#publisher-confirms
   */
  async send(payload: InputOf<S>, options: SendOptions = NO_OPTIONS): Promise<Sent> {
    const checked = options === NO_OPTIONS ? options : parseOptions(sendOptions, options, 'send')
    return await this.#send(payload, checked)
  }

  /**
   * Sends many tasks, each as {@link send} does, with as many unconfirmed at once as the connection allows, and takes the next
   * one from the source only when there is room: a source of any length needs bounded memory.
   *
   * @returns how many were confirmed and how many failed, when all have settled
   * @throws the first failure, without `onFailure`, when what was begun has settled; what the source itself throws
   */
  async sendAll(
    payloads: Iterable<InputOf<S>> | AsyncIterable<InputOf<S>>,
    { onFailure, ...options }: SendAllOptions<InputOf<S>> = {},
  ): Promise<SentAll> {
    const checked = parseOptions(sendOptions, options, 'sendAll')
    const { maxInFlight, maxQueued } = this.#internals.settings
    const send = async (payload: InputOf<S>): Promise<Sent> => await this.#send(payload, checked)
    const { succeeded, failed } = await pipeline(payloads, Math.min(maxInFlight, maxQueued), send, onFailure)
    return { sent: succeeded, failed }
  }

  /** Takes no more tasks and waits until those in hand have settled. A second call returns the same promise. */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, (timeoutMs) => this.#close(timeoutMs))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #send(payload: InputOf<S>, checked: SendOptions): Promise<Sent> {
    const encoded = encodePayload(this.#contract, payload)
    const content = encoded instanceof Promise ? await encoded : encoded
    const properties = composeProperties(this.#contract.codec.contentType, this.#contractHeader, checked)
    const { routingKey, topology } = this.#routeOf(checked.delayMs)
    const message = { exchange: '', routingKey, content, properties, mandatory: true }
    const { messageId } = properties
    if (this.#closing.begun) {
      const cause = new ClosedError('The producer has been closed')
      throw new PublishError('not-sent', { ...message, messageId }, cause.message, { cause, retryable: false })
    }
    const timeoutMs = checked.timeoutMs ?? this.#internals.settings.publishTimeoutMs
    const { signal, failFast } = checked
    const submitted = this.#outbox.submit({ message, topology, timeoutMs, signal, failFast })
    await this.#inHand.track(submitted).catch((error: unknown) => {
      this.#refused = refusalOf(error)
      throw error
    })
    this.#refused = undefined
    return { messageId }
  }

  #routeOf(delayMs: number | undefined): { routingKey: string; topology: Topology } {
    const { name } = this.#contract
    if (delayMs === undefined || delayMs === 0) return { routingKey: name, topology: declarationsOf(this.#contract) }
    const step = ladderStepMs(delayMs)
    return { routingKey: delayQueueName(name, step), topology: delayedDeclarationsOf(this.#contract, step) }
  }

  async #close(timeoutMs: number): Promise<void> {
    await atMost(timeoutMs, this.#inHand.whenEmpty())
    this.#unregister()
  }

  #health(): RoleHealth {
    const { state } = this.#internals.publishLane
    const why = this.#internals.publishLane.why ?? this.#refused?.message
    const ready = state === 'ready' && this.#refused === undefined
    const base = { role: 'producer', name: this.#contract.name, ready, inFlight: this.#inHand.size } as const
    return why === undefined ? base : { ...base, why }
  }
}

/** A queue that is refused stays refused; what one message suffers says nothing of the next. */
function refusalOf(error: unknown): LeveretError | undefined {
  return error instanceof TopologyMismatchError || error instanceof BrokerError ? error : undefined
}
