import { setMaxListeners } from 'node:events'
import type { Channel } from '../amqp/channel.js'
import type { QueueDeclaration } from '../amqp/declaration.js'
import { InHand } from '../async/in-flight-count.js'
import { atMost } from '../async/timing.js'
import type { ConnectionInternals } from '../connection/connection.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import { BrokerError, ClosedError, ConnectionError } from '../errors/errors.js'
import type { ReceivedMessage } from '../message/message.js'
import { queueDeclarationsOf } from '../topology/declarations.js'
import { declare } from '../topology/declare.js'
import { patiently } from './patience.js'
import { Sweep } from './queue-pass.js'

const CLOSE_TIMEOUT_MS = 2_000

/** What is done to a contract's dead letters from time to time, each time on a channel that lasts no longer. */
export class Visits {
  readonly #name: string
  readonly #queue: string
  /** The dead-letter queue alone: a work queue that has changed keeps nobody from its dead letters. */
  readonly #needed: readonly QueueDeclaration[]
  readonly #internals: ConnectionInternals
  readonly #stop = new AbortController()
  readonly #inHand = new InHand()
  readonly #channels = new Set<Channel>()

  /** @param queue - the dead-letter queue */
  constructor(contract: QueueContract, queue: string, internals: ConnectionInternals) {
    this.#name = contract.name
    this.#queue = queue
    this.#needed = queueDeclarationsOf(contract).filter(({ name }) => name === queue)
    this.#internals = internals
    setMaxListeners(0, this.#stop.signal)
  }

  /** Aborted, with a {@link ClosedError}, when `close` begins. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** @throws {@link ClosedError}, {@link ConnectionError}, {@link BrokerError}, {@link TopologyMismatchError} */
  async onChannel<T>(act: (channel: Channel) => Promise<T>): Promise<T> {
    this.#stop.signal.throwIfAborted()
    this.#inHand.begin()
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
      this.#inHand.end()
    }
  }

  /**
   * Goes through the queue once. What is not acknowledged then goes back, however the work ended.
   *
   * @param what - for the error, when the channel ends first
   * @param storeAnew - stores a copy of a message at the end of the queue
   */
  async sweep<T>(
    what: string,
    storeAnew: (message: ReceivedMessage, signal: AbortSignal) => Promise<unknown>,
    work: (sweep: Sweep) => Promise<T>,
  ): Promise<T> {
    return await this.onChannel(async (channel) => {
      const sweep = await Sweep.begin({
        channel,
        queue: this.#queue,
        storeAnew: async (message) => void (await storeAnew(message, channel.signal)),
      })
      try {
        const result = await work(sweep)
        await sweep.end()
        return result
      } catch (error) {
        // Whoever calls next is to find what goes back now.
        await sweep.end().catch(() => undefined)
        throw channel.isOpen ? error : cutOff(`The ${what} of '${this.#queue}'`, channel.signal.reason ?? error)
      }
    })
  }

  /** Waits for what is going on, then ends its channels. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const closed = new ClosedError(`The dead letters of '${this.#name}' have been closed`)
    this.#stop.abort(closed)
    await atMost(timeoutMs, this.#inHand.whenEmpty())
    await Promise.all([...this.#channels].map(async (channel) => await channel.close(CLOSE_TIMEOUT_MS, closed)))
  }

  async #open(): Promise<Channel> {
    const { consumeLane, settings } = this.#internals
    return await patiently(this.#internals, [this.#stop.signal], async (signal) => {
      await declare(consumeLane, this.#needed, settings.topology, signal)
      return await consumeLane.openChannel('plain', {}, signal)
    })
  }
}

/** What the end of a channel means to the caller: wait and call again, or what only a person can mend. */
function cutOff(what: string, reason: unknown): unknown {
  if (reason instanceof ClosedError || (reason instanceof BrokerError && !reason.retryable)) return reason
  const why = reason instanceof Error ? reason.message : String(reason)
  return new ConnectionError('lost', `${what} was cut off: ${why}. Nothing is lost; call it again to go on`, {
    cause: reason,
  })
}
