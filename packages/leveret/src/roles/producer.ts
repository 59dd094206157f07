import { type CloseOptions, closeOptions } from '../connection/close-options.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { RoleHealth } from '../connection/health.js'
import { encodePayload } from '../contract/payload.js'
import type { InputOf, Schema } from '../contract/schema.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { ClosedError, PublishError } from '../errors.js'
import { InHand } from '../in-hand.js'
import { parseOptions } from '../options.js'
import { composeProperties, type MessageOptions, messageOptions } from '../publishing/compose.js'
import { type Outbox, outboxOf } from '../publishing/outbox.js'
import { within } from '../timing.js'
import { declarationsOf } from '../topology/declarations.js'

/** What a sender may say of one task. */
export type SendOptions = MessageOptions

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
  #closing: Promise<void> | undefined

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
   * @throws {@link PublishError} `outcome` says whether it may have been stored
   * @see https://www.rabbitmq.com/docs/confirms#publisher-confirms
   */
  async send(payload: InputOf<S>, options: SendOptions = NO_OPTIONS): Promise<Sent> {
    const checked = options === NO_OPTIONS ? options : parseOptions(messageOptions, options, 'send')
    const encoded = encodePayload(this.#contract, payload)
    const content = encoded instanceof Promise ? await encoded : encoded
    const properties = composeProperties(this.#contract.codec.contentType, this.#contractHeader, checked)
    const message = { exchange: '', routingKey: this.#contract.name, content, properties, mandatory: true }
    const { messageId } = properties
    if (this.#closing !== undefined) {
      const cause = new ClosedError('The producer has been closed')
      throw new PublishError('not-sent', { ...message, messageId }, cause.message, { cause, retryable: false })
    }
    const timeoutMs = checked.timeoutMs ?? this.#internals.settings.publishTimeoutMs
    const topology = declarationsOf(this.#contract)
    await this.#inHand.track(this.#outbox.submit({ message, topology, timeoutMs, signal: checked.signal }))
    return { messageId }
  }

  /** Takes no more tasks and waits until those in hand have settled. A second call returns the same promise. */
  close(options?: CloseOptions): Promise<void> {
    this.#closing ??= this.#close(parseOptions(closeOptions, options ?? {}, 'close').timeoutMs)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(timeoutMs: number): Promise<void> {
    await within(timeoutMs, this.#inHand.whenEmpty(), () => new ClosedError('close')).catch(() => undefined)
    this.#unregister()
  }

  #health(): RoleHealth {
    const { state, why } = this.#internals.publishLane
    const ready = state === 'ready'
    const base = { role: 'producer', name: this.#contract.name, ready, inFlight: this.#inHand.size } as const
    return why === undefined ? base : { ...base, why }
  }
}
