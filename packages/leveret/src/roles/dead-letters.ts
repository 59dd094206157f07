import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, internalsOf } from '../connection/connection.js'
import type { OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import { letterCopy, replayCopy } from '../consuming/copy.js'
import { type DeadLetter, readDeadLetter } from '../consuming/dead-letter.js'
import {
  type MoveOptions,
  moveOptions,
  type PeekOptions,
  peekOptions,
  type ReplayOptions,
  replayOptions,
} from '../consuming/letter-options.js'
import { isWorn, type Selected, Selection, type SelectionOptions } from '../consuming/selection.js'
import type { Sweep } from '../consuming/sweep.js'
import { Visits } from '../consuming/visits.js'
import type { OutputOf, Schema } from '../contract/schema.js'
import { checkContract } from '../contract/shared-options.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { OptionsError, PublishError } from '../errors.js'
import { parseOptions } from '../options.js'
import { outboxOf } from '../publishing/outbox-of.js'
import { pipeline } from '../publishing/pipeline.js'
import type { Topology } from '../publishing/request.js'
import { declarationsOf } from '../topology/declarations.js'

/** Copies awaiting their confirm at once: as many may come twice when a replay is cut off. */
const AT_ONCE = 32
/** How far `peek` looks beyond its limit for letters that came back before, so that all of them go back in order. */
const LOOKAHEAD = 1_000
/** How `replay` ended. `skipped`: the filter refused so many. */
export interface Replayed {
  readonly replayed: number
  readonly skipped: number
}

/** How `move` ended. `skipped`: the filter refused so many. */
export interface Moved {
  readonly moved: number
  readonly skipped: number
}

/** Where chosen letters go. */
interface Destination {
  copy(message: ReceivedMessage, letter: DeadLetter): OutgoingMessage
  readonly topology: Topology
}

/**
 * What a contract's workers have given up, and what RabbitMQ has: to be counted, looked at, sent back to work, moved or removed.
 *
 * Every method works on a channel of its own and ends it. All may reject with a {@link ConnectionError}, also when the
 * connection is lost on the way: then nothing is lost, and the same call goes on where it ended; at worst as many letters as
 * were on their way (32) are stored twice under the same `messageId`. And with a {@link BrokerError} or
 * {@link TopologyMismatchError} when the broker refuses the queue, and with a {@link ClosedError} after `close`. `replay`
 * also with a {@link BrokerVersionError}: the work queue is not for this broker.
 */
export class DeadLetters<S extends Schema> implements AsyncDisposable {
  readonly #contract: WorkQueue<S>
  readonly #queue: string
  readonly #visits: Visits
  readonly #publish: (message: OutgoingMessage, topology: Topology, signal: AbortSignal) => Promise<unknown>
  readonly #closing = new Closing()
  readonly #unregister: () => void

  /**
   * Nothing is opened or declared before the first call.
   *
   * @throws {@link OptionsError} the contract keeps no dead letters
   * @throws {@link ClosedError} the connection has been closed
   */
  constructor(rabbit: Connection, contract: WorkQueue<S>) {
    checkContract('DeadLetters', contract, 'work-queue')
    const { deadLetter, name } = contract
    if (deadLetter === false)
      throw new OptionsError(`DeadLetters: the contract '${name}' keeps none: deadLetter is false`)
    this.#contract = contract
    this.#queue = deadLetter.queue
    const internals = internalsOf(rabbit)
    internals.assertOpen()
    const outbox = outboxOf(rabbit)
    const { publishTimeoutMs: timeoutMs } = internals.settings
    this.#publish = (message, topology, signal) => outbox.submit({ message, topology, timeoutMs, signal })
    this.#visits = new Visits(contract, deadLetter.queue, internals)
    this.#unregister = internals.register({
      stage: 'consumer',
      close: async (timeoutMs) => await this.close({ timeoutMs }),
    })
  }

  /** How many there are, without those that somebody is looking at or replaying right now. RabbitMQ may count a moment late. */
  async count(): Promise<number> {
    const { messageCount } = await this.#visits.onChannel((channel) => channel.checkQueue(this.#queue))
    return messageCount
  }

  /**
   * Reads the first ones and leaves them where they are. For that moment nobody else sees them.
   *
   * Looking wears a message out: RabbitMQ before 4.3 counts how often it came back, and RabbitMQ 4 drops it after 20 times. So
   * letters that came back ten times are stored anew, behind all others, before they can be lost. Otherwise their order stays
   * (on RabbitMQ 3 what is given back goes behind what was not read).
   *
   * @throws {@link PublishError} a worn letter could not be stored anew; it is still there
   */
  async peek(options: PeekOptions = {}): Promise<DeadLetter<OutputOf<S>>[]> {
    const { limit } = parseOptions(peekOptions, options, 'peek')
    return await this.#visits.sweep('peek', async (sweep) => {
      const read = await readAhead(sweep, limit)
      const letters = read.map((message) => readDeadLetter(message, this.#contract))
      // All or none, because what is stored anew goes behind what is given back.
      if (letters.some(isWorn)) {
        await pipeline(read.entries(), {
          limit: AT_ONCE,
          work: async ([index, message]) => {
            const letter = letters[index]
            if (letter !== undefined) await this.#renew(sweep, message, letter)
          },
        })
      }
      return letters.slice(0, limit)
    })
  }

  /**
   * Sends dead letters back to their work queue, oldest first: with the same `messageId`, content and properties, as a first
   * attempt, and `leveret-replays` counting. Each is confirmed before it is taken away. An expiration that it once had stays out.
   *
   * It ends when it has seen each letter that was there at its beginning once, so what fails again meanwhile waits for the next
   * call. Letters that are skipped are held until it ends: RabbitMQ ends a channel that holds one for more than half an hour.
   *
   * @throws {@link PublishError} one was not confirmed; it and all after it are still there
   * @throws what the filter throws; nothing more is replayed
   */
  async replay(options: ReplayOptions<OutputOf<S>> = {}): Promise<Replayed> {
    parseOptions(replayOptions, options, 'replay')
    const { name } = this.#contract
    const topology = declarationsOf(this.#contract)
    const copy: Destination['copy'] = (message, letter) => replayCopy(message, letter, name)
    const { done, skipped } = await this.#transfer('replay', options, { copy, topology })
    return { replayed: done, skipped }
  }

  /**
   * Moves dead letters to another queue, as they are. Each is confirmed before it is taken away.
   *
   * @throws {@link PublishError} one was not confirmed (`returned`: there is no such queue); it and all after it are still here
   * @throws {@link OptionsError} `to` is the dead-letter queue itself, or the work queue: see {@link replay}
   */
  async move(options: MoveOptions<OutputOf<S>>): Promise<Moved> {
    const { to } = parseOptions(moveOptions, options, 'move')
    if (to === this.#queue) throw new OptionsError(`move: the dead letters are in '${to}' already`)
    if (to === this.#contract.name) throw new OptionsError(`move: '${to}' is the work queue: use replay()`)
    const copy: Destination['copy'] = (message, letter) => letterCopy(message, letter, to)
    const { done, skipped } = await this.#transfer('move', options, { copy, topology: [] })
    return { moved: done, skipped }
  }

  /** Removes all of them for good. @returns how many there were, without those that somebody is looking at right now */
  async purge(): Promise<number> {
    return await this.#visits.onChannel((channel) => channel.purge(this.#queue))
  }

  /** Ends what runs as a `signal` does, and waits for it. A second call returns the same promise. */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, async (timeoutMs) => {
      await this.#visits.close(timeoutMs)
      this.#unregister()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #transfer(
    what: string,
    { signal, ...options }: Partial<SelectionOptions<OutputOf<S>>>,
    destination: Destination,
  ): Promise<{ done: number; skipped: number }> {
    return await this.#visits.sweep(what, async (sweep) => {
      const failed = new AbortController()
      const ends = [failed.signal, sweep.signal, this.#visits.signal, ...(signal === undefined ? [] : [signal])]
      const selection = new Selection(sweep, this.#contract, { ...options, signal: AbortSignal.any(ends) })
      let done = 0
      const take = async ({ message, letter, chosen }: Selected<OutputOf<S>>): Promise<void> => {
        if (!chosen) return await this.#renew(sweep, message, letter)
        await this.#store(sweep, message, destination.copy(message, letter), destination.topology)
        done += 1
      }
      const stopAtFailure = async (selected: Selected<OutputOf<S>>): Promise<void> =>
        await take(selected).catch((error: unknown) => {
          failed.abort()
          throw error
        })
      await pipeline(selection, { limit: AT_ONCE, work: stopAtFailure })
      return { done, skipped: selection.skipped }
    })
  }

  /** Stores a worn letter anew. One of which there can be no copy is given back, because every sender can write that it is worn. */
  async #renew(sweep: Sweep, message: ReceivedMessage, letter: DeadLetter): Promise<void> {
    try {
      await this.#store(sweep, message, letterCopy(message, letter, this.#queue), [])
    } catch (error) {
      if (!(error instanceof PublishError) || error.outcome !== 'not-sent' || error.retryable) throw error
    }
  }

  /** First the copy, confirmed, and only then the ack. */
  async #store(sweep: Sweep, original: ReceivedMessage, message: OutgoingMessage, topology: Topology): Promise<void> {
    await this.#publish(message, topology, sweep.signal)
    sweep.ack(original)
  }
}

/** Reads up to the limit, and on while what is read has come back before: it would otherwise be behind what goes back now. */
async function readAhead(sweep: Sweep, limit: number): Promise<ReceivedMessage[]> {
  const read: ReceivedMessage[] = []
  while (read.length < limit + LOOKAHEAD) {
    if (read.length >= limit && read.at(-1)?.fields.redelivered !== true) break
    const message = await sweep.next()
    if (message === undefined) break
    read.push(message)
  }
  return read
}
