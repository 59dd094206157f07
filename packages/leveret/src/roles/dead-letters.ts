import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, internalsOf } from '../connection/connection.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import { readDeadLetter } from '../dead-letters/dead-letter.js'
import { letterCopy, renewedCopy, replayCopy } from '../dead-letters/letter-copies.js'
import type { LetterOf } from '../dead-letters/letter-of.js'
import {
  type DiscardOptions,
  discardOptions,
  type LetterOptions,
  type MoveOptions,
  moveOptions,
  type PeekOptions,
  peekOptions,
  type ReplayOptions,
  replayOptions,
} from '../dead-letters/letter-options.js'
import { type LetterContract, type LetterSource, letterSource } from '../dead-letters/letter-source.js'
import type { Sweep } from '../dead-letters/queue-pass.js'
import { Visits } from '../dead-letters/short-lived-channels.js'
import { type TransferOptions, type Transferred, transfer } from '../dead-letters/transfer.js'
import { OptionsError } from '../errors/errors.js'
import { MADE } from '../errors/marks.js'
import type { ReceivedMessage } from '../message/message.js'
import { parseOptions } from '../options.js'
import { type PublishCopy, publishCopies } from '../publishing/copies.js'
import { queueDeclarationsOf } from '../topology/declarations.js'

/** How `replay` ended. */
export interface Replayed {
  /** With `dryRun` as many as would have been. */
  readonly replayed: number
  /** Letters that stay: the filter refused them, or they are of another queue. */
  readonly skipped: number
}

/** How `move` ended. */
export interface Moved {
  /** With `dryRun` as many as would have been. */
  readonly moved: number
  /** Letters that stay: the filter refused them, or they are of another queue. */
  readonly skipped: number
}

/** How `discard` ended. */
export interface Discarded {
  /** With `dryRun` as many as would have been. */
  readonly discarded: number
  /** Letters that stay: the filter refused them, or they are of another queue. */
  readonly skipped: number
}

/**
 * What a contract's workers have given up, and what RabbitMQ has: to be counted, looked at, sent back to work, moved or discarded.
 *
 * Contracts may share a dead-letter queue. `count` and `peek` tell of the whole queue; each letter says which queue it died in.
 * `replay`, `move` and `discard` take the letters of the contract's own work queue, and leave all others.
 *
 * These three go through the queue once: they look at as many letters as were there when they began, so they end although others
 * come meanwhile. What they leave they put behind the others: a copy, confirmed, and then an ack. So they hold no more than 64
 * letters at a time, and about 16 MiB of them; only where large letters follow small ones it may be 64 large ones for once.
 *
 * Every method works on a channel of its own and ends it. All may reject with a {@link ConnectionError}, also when the
 * connection is lost on the way: then nothing is lost, and the same call goes on where it ended; at worst the letters that were
 * in hand (64) are stored twice under the same `messageId`. And with a {@link BrokerError} or {@link TopologyMismatchError} when
 * the broker refuses the queue, and with a {@link ClosedError} after `close`. `replay` also with a {@link BrokerVersionError}: the
 * work queue is not for this broker.
 */
export class DeadLetters<const C extends LetterContract> implements AsyncDisposable {
  readonly #contract: C
  readonly #source: LetterSource
  readonly #queue: string
  readonly #visits: Visits
  readonly #publish: PublishCopy
  readonly #closing = new Closing()
  readonly #unregister: () => void

  /**
   * Nothing is opened or declared before the first call.
   *
   * @throws {@link OptionsError} the contract keeps no dead letters
   * @throws {@link ClosedError} the connection has been closed
   */
  constructor(rabbit: Connection, contract: C) {
    checkContract('DeadLetters', contract, 'work-queue', 'subscription', 'stream')
    const { deadLetter, name } = contract
    if (deadLetter === false)
      throw new OptionsError(`DeadLetters: the contract '${name}' keeps none: deadLetter is false`)
    this.#contract = contract
    this.#source = letterSource(contract)
    this.#queue = deadLetter.queue
    const internals = internalsOf(rabbit)
    internals.assertOpen()
    this.#publish = publishCopies(
      rabbit,
      { role: 'dead-letters', contract: contract.name },
      internals.settings.publishTimeoutMs,
    )
    this.#visits = new Visits(contract, deadLetter.queue, internals)
    this.#unregister = internals.register({
      stage: 'consumer',
      sender: `reader of the dead letters of '${name}'`,
      close: async (timeoutMs) => await this.close({ timeoutMs }),
    })
  }

  /**
   * Counts what is in the queue, also of other contracts that share it, without what somebody is looking at or replaying right
   * now. RabbitMQ may count a moment late.
   */
  async count(): Promise<number> {
    const { messageCount } = await this.#visits.onChannel((channel) => channel.checkQueue(this.#queue))
    return messageCount
  }

  /**
   * Reads the first letters of the queue, also of other contracts that share it, and gives them back (`basic.nack(requeue=true)`).
   * For that moment nobody else sees them.
   *
   * RabbitMQ before 4.3 counts how often a letter came back, and drops it at its queue's delivery limit. So letters that came back
   * three times are stored anew, behind all others. What is given back may change its order.
   *
   * @throws {@link PublishError} a letter that came back three times could not be stored anew; it is still there
   */
  async peek(options: PeekOptions = {}): Promise<LetterOf<C>[]> {
    const { limit, maxBytes } = parseOptions(peekOptions, options, 'peek')
    return await this.#sweep('peek', async (sweep) => {
      const letters: LetterOf<C>[] = []
      let bytes = 0
      while (letters.length < limit && bytes < maxBytes && sweep.left > 0) {
        for await (const message of sweep.round(limit - letters.length)) {
          letters.push(readDeadLetter(message, this.#source) as LetterOf<C>)
          bytes += message.content.length
          if (bytes >= maxBytes) break
        }
      }
      return letters
    })
  }

  /**
   * Sends dead letters back to their work queue, oldest first: with the same `messageId`, content and properties, as a first
   * attempt, and `leveret-replays` counting. Each is confirmed before it is taken away. An expiration that it once had stays out.
   *
   * What fails again meanwhile waits for the next call.
   *
   * @throws {@link PublishError} one was not confirmed; it and all after it are still there
   * @throws {@link OptionsError} the letters are of a stream, which would get them once more, for all of its readers
   * @throws what the filter throws; nothing more is replayed
   */
  async replay(options: ReplayOptions<C> = {}): Promise<Replayed> {
    parseOptions(replayOptions, options, 'replay')
    const { name, kind } = this.#contract
    if (kind === 'stream') {
      throw new OptionsError(
        `replay: the stream '${name}' still has what failed: read it again, from a time before that`,
      )
    }
    const topology = queueDeclarationsOf(this.#contract)
    const { done, skipped } = await this.#transfer('replay', options, async (message, letter, signal) => {
      await this.#publish(replayCopy(message, letter, name), topology, signal)
    })
    return { replayed: done, skipped }
  }

  /**
   * Moves dead letters to another queue, as they are. Each is confirmed before it is taken away.
   *
   * @throws {@link BrokerError} there is no such queue (`replyCode` 404), or it may not be looked for; no letter was touched
   * @throws {@link PublishError} one was not confirmed (`returned`: the queue has gone); it and all after it are still here
   * @throws {@link OptionsError} `to` is the dead-letter queue itself, or the work queue: see {@link replay}
   */
  async move(options: MoveOptions<C>): Promise<Moved> {
    const { to } = parseOptions(moveOptions, options, 'move')
    if (to === this.#queue) throw new OptionsError(`move: the dead letters are in '${to}' already`)
    if (to === this.#contract.name) throw new OptionsError(`move: '${to}' is the work queue: use replay()`)
    // Asked for before any letter is taken. On a channel of its own, because a missing queue closes it.
    await this.#visits.onChannel((channel) => channel.checkQueue(to))
    const { done, skipped } = await this.#transfer('move', options, async (message, letter, signal) => {
      await this.#publish(letterCopy(message, letter, to), [], signal)
    })
    return { moved: done, skipped }
  }

  /**
   * Removes dead letters for good: nobody can bring them back. A `dryRun` says before how many they would be.
   *
   * @throws {@link OptionsError} there is no filter: for all of them it is `() => true`
   * @throws what the filter throws; nothing more is removed
   */
  async discard(options: DiscardOptions<C>): Promise<Discarded> {
    parseOptions(discardOptions, options, 'discard')
    const { done, skipped } = await this.#transfer('discard', options, async () => undefined)
    return { discarded: done, skipped }
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

  /** @internal */
  get [MADE](): 'role' {
    return 'role'
  }

  /** @param carryOut - resolves when the letter may be acknowledged; its signal is that of the channel */
  async #transfer(
    what: string,
    { signal, ...options }: LetterOptions<C> & Pick<ReplayOptions<C>, 'ratePerSecond'>,
    carryOut: (
      ...args: [...Parameters<TransferOptions<LetterOf<C>>['carryOut']>, signal: AbortSignal]
    ) => Promise<void>,
  ): Promise<Transferred> {
    const ends = [this.#visits.signal, ...(signal === undefined ? [] : [signal])]
    return await this.#sweep(what, async (sweep) => {
      return await transfer<LetterOf<C>>(sweep, this.#source, {
        ...options,
        signal: AbortSignal.any(ends),
        carryOut: async (message, letter) => await carryOut(message, letter, sweep.signal),
      })
    })
  }

  async #sweep<T>(what: string, work: (sweep: Sweep) => Promise<T>): Promise<T> {
    const storeAnew = async (message: ReceivedMessage, signal: AbortSignal): Promise<unknown> => {
      return await this.#publish(renewedCopy(message, readDeadLetter(message, this.#source), this.#queue), [], signal)
    }
    return await this.#visits.sweep(what, storeAnew, work)
  }
}
