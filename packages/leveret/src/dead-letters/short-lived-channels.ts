import { setMaxListeners } from 'node:events'
import type { Channel } from '../amqp/channel.js'
import type { QueueDeclaration } from '../amqp/declaration.js'
import { InFlightCount } from '../async/in-flight-count.js'
import { atMost } from '../async/timing.js'
import type { ConnectionInternals } from '../connection/connection.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import { BrokerError } from '../errors/broker-error.js'
import { ClosedError } from '../errors/closed-error.js'
import { ConnectionError } from '../errors/connection-error.js'
import { OptionsError } from '../errors/options-error.js'
import type { ReceivedMessage } from '../message/message.js'
import { queueDeclarationsOf } from '../topology/declarations.js'
import { declare } from '../topology/declare.js'
import { patiently } from './patience.js'
import { QueuePass } from './queue-pass.js'
import { isStream } from './stream-check.js'

const CLOSE_TIMEOUT_MS = 2_000

/**
 * Runs operations on the dead letters of a contract, each on a channel of its own that is closed when the operation
 * ends.
 */
export class ShortLivedChannels {
  readonly #name: string
  readonly #queue: string
  /**
   * The dead-letter queue alone, so that a work queue with other arguments does not keep its dead letters out of reach.
   */
  readonly #needed: readonly QueueDeclaration[]
  /** Others have declared it. */
  readonly #mayBeStream: boolean
  readonly #internals: ConnectionInternals
  readonly #stop = new AbortController()
  readonly #inFlight = new InFlightCount()
  readonly #channels = new Set<Channel>()

  /** @param queue - the dead-letter queue */
  constructor(contract: QueueContract, queue: string, internals: ConnectionInternals) {
    this.#name = contract.name
    this.#queue = queue
    this.#needed = queueDeclarationsOf(contract).filter(({ name }) => name === queue)
    const { deadLetter } = contract
    this.#mayBeStream = deadLetter !== false && (deadLetter.existing || deadLetter.arguments !== undefined)
    this.#internals = internals
    setMaxListeners(0, this.#stop.signal)
  }

  /** Aborted with a {@link ClosedError} when `close` begins. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /**
   * @throws {@link ClosedError}, {@link ConnectionError}, {@link BrokerError}, {@link TopologyMismatchError}
   * @throws {@link OptionsError} the queue is a stream
   */
  async onChannel<T>(act: (channel: Channel) => Promise<T>): Promise<T> {
    this.#stop.signal.throwIfAborted()
    this.#inFlight.begin()
    try {
      const channel = await this.#open()
      this.#channels.add(channel)
      try {
        return await act(channel)
      } finally {
        this.#channels.delete(channel)
        await channel.close(CLOSE_TIMEOUT_MS)
      }
    } finally {
      this.#inFlight.end()
    }
  }

  /**
   * Runs `work` on one pass over the queue. Messages that are not acknowledged then go back to the queue, however the
   * work ended.
   *
   * @param what - the name of the operation, for the error when the channel ends first
   * @param storeCopy - stores a copy of a message at the end of the queue
   */
  async pass<T>(
    what: string,
    storeCopy: (message: ReceivedMessage, signal: AbortSignal) => Promise<unknown>,
    work: (pass: QueuePass) => Promise<T>,
  ): Promise<T> {
    return await this.onChannel(async (channel) => {
      const pass = await QueuePass.begin({
        channel,
        queue: this.#queue,
        storeCopy: async (message) => void (await storeCopy(message, channel.signal)),
      })
      try {
        const result = await work(pass)
        await pass.end()
        return result
      } catch (error) {
        // Gives the messages back before this call rejects, so that the caller's next call finds them.
        await pass.end().catch(() => undefined)
        throw channel.isOpen ? error : cutOff(`The ${what} of '${this.#queue}'`, channel.signal.reason ?? error)
      }
    })
  }

  /** Waits for the operations that are running, then closes their channels. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const closed = new ClosedError(`The dead letters of '${this.#name}' have been closed`)
    this.#stop.abort(closed)
    await atMost(timeoutMs, this.#inFlight.whenEmpty())
    await Promise.all([...this.#channels].map(async (channel) => await channel.close(CLOSE_TIMEOUT_MS, closed)))
  }

  async #open(): Promise<Channel> {
    const { consumeLane, settings } = this.#internals
    return await patiently(this.#internals, [this.#stop.signal], async (signal) => {
      await declare(consumeLane, this.#needed, settings.topology, signal)
      if (this.#mayBeStream && (await isStream(consumeLane, this.#queue, signal))) throw streamRefused(this.#queue)
      return await consumeLane.openChannel('plain', {}, signal)
    })
  }
}

function streamRefused(queue: string): OptionsError {
  return new OptionsError(
    `DeadLetters: the dead-letter queue '${queue}' is a stream, which keeps its messages: describe it with stream(), and read it with a Subscriber`,
  )
}

/**
 * Translates the end of a channel for the caller: either the caller waits and calls again, or a person must correct
 * something.
 */
function cutOff(what: string, reason: unknown): unknown {
  if (reason instanceof ClosedError || (reason instanceof BrokerError && !reason.retryable)) return reason
  const why = reason instanceof Error ? reason.message : String(reason)
  return new ConnectionError('lost', `${what} was interrupted: ${why}. Nothing is lost; call it again to continue`, {
    cause: reason,
  })
}
