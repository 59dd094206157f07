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
import type { QueuePass } from '../dead-letters/queue-pass.js'
import { ShortLivedChannels } from '../dead-letters/short-lived-channels.js'
import { type TransferOptions, type Transferred, transfer } from '../dead-letters/transfer.js'
import { MADE } from '../errors/marks.js'
import { OptionsError } from '../errors/options-error.js'
import type { ReceivedMessage } from '../message/message.js'
import { parseOptions } from '../options.js'
import { type PublishCopy, publishCopies } from '../publishing/copy-publisher.js'
import { queueDeclarationsOf } from '../topology/declarations.js'

/**
 * Manages the messages that a contract's workers, or RabbitMQ itself, have dead-lettered: counts them, reads them,
 * sends them back to work, moves or discards them.
 *
 * Contracts may share a dead-letter queue. `count` and `peek` cover the whole queue; each letter names the queue in
 * which it died. `replay`, `move` and `discard` take the letters of the contract's own queue, and leave all others.
 *
 * These three read the queue once: as many letters as it held when they began, so they end although new letters arrive
 * meanwhile. They put the letters that stay behind the others: a copy, confirmed, and then `basic.ack`. So they hold at
 * most 32 letters at a time, and about 16 MiB; where large letters follow small ones, 32 large ones once.
 *
 * Every method uses a channel of its own. Each may reject with a {@link ConnectionError}, also when the connection is
 * lost during the call. No letter is lost then, and the same call continues where it ended; at worst 32 letters are
 * stored twice, under the same `messageId`. Each may also reject with a {@link BrokerError} or
 * {@link TopologyMismatchError} when the broker refuses the queue, with an {@link OptionsError} when others have
 * declared the queue as a stream, and with a {@link ClosedError} after `close`. `replay` may reject with a
 * {@link BrokerVersionError}: the broker is too old for the work queue.
 *
 * @example
 * ```ts
 * import { connect, DeadLetters, declare, workQueue } from 'leveret'
 * import { z } from 'zod'
 * const emails = workQueue('emails', { payload: z.object({ to: z.email() }) })
 * await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * await declare(rabbit, [emails])
 * console.log(await new DeadLetters(rabbit, emails).replay({ limit: 100 })) // prints: { replayed: 0, skipped: 0 }
 * ```
 */
export class DeadLetters<const C extends LetterContract> implements AsyncDisposable {
  readonly #contract: C
  readonly #source: LetterSource
  readonly #queue: string
  readonly #channels: ShortLivedChannels
  readonly #publish: PublishCopy
  readonly #closing = new Closing()
  readonly #unregister: () => void

  /**
   * Opens and declares nothing before the first call.
   *
   * @throws {@link OptionsError} the contract keeps no dead letters
   * @throws {@link ClosedError} the connection has been closed
   */
  constructor(rabbit: Connection, contract: C) {
    checkContract('DeadLetters', contract, 'work-queue', 'subscription', 'stream')
    const { deadLetter, name } = contract
    if (deadLetter === false)
      throw new OptionsError(`DeadLetters: the contract '${name}' keeps no dead letters: deadLetter is false`)
    this.#contract = contract
    this.#source = letterSource(contract)
    this.#queue = deadLetter.queue
    const internals = internalsOf(rabbit)
    internals.assertOpen()
    this.#publish = publishCopies(rabbit, { role: 'dead-letters', contract: name }, internals.settings.publishTimeoutMs)
    this.#channels = new ShortLivedChannels(contract, deadLetter.queue, internals)
    this.#unregister = internals.register({
      stage: 'consumer',
      sender: `reader of the dead letters of '${name}'`,
      close: async (timeoutMs) => await this.close({ timeoutMs }),
    })
  }

  /**
   * Counts the letters in the queue, including those of other contracts that share it, and without those that another
   * call is reading at this moment. RabbitMQ's count may be a moment late.
   */
  async count(): Promise<number> {
    const { messageCount } = await this.#channels.onChannel((channel) => channel.checkQueue(this.#queue))
    return messageCount
  }

  /**
   * Reads the first letters of the queue, including those of other contracts that share it, and gives them back
   * (`basic.nack(requeue=true)`). Meanwhile no other consumer sees them.
   *
   * RabbitMQ before 4.3 counts how often a letter came back, and drops it at its queue's delivery limit. So a letter
   * that came back three times is copied to the end of the queue instead. The order of the letters may change.
   *
   * @throws {@link PublishError} a letter that came back three times could not be copied to the end; it is still in the
   *   queue
   */
  async peek(options: PeekOptions = {}): Promise<LetterOf<C>[]> {
    const { limit, maxBytes } = parseOptions(peekOptions, options, 'peek')
    return await this.#pass('peek', async (pass) => {
      const letters: LetterOf<C>[] = []
      let bytes = 0
      while (letters.length < limit && bytes < maxBytes && pass.left > 0) {
        for await (const message of pass.round(limit - letters.length)) {
          letters.push(readDeadLetter(message, this.#source) as LetterOf<C>)
          bytes += message.content.length
          if (bytes >= maxBytes) break
        }
      }
      return letters
    })
  }

  /**
   * Sends dead letters back to their work queue, oldest first. Each has the same `messageId`, content and properties,
   * starts as a first attempt, and counts in `leveret-replays`. It is removed from here after the broker has confirmed
   * it. An expiration that it once had is left out.
   *
   * Letters that fail again during the call wait for the next one.
   *
   * @throws {@link PublishError} a letter was not confirmed; it and all after it are still in the queue
   * @throws {@link OptionsError} the letters are of a stream, where a replay would reach all readers once more
   * @throws the error of the filter; no more letters are replayed
   */
  async replay(options: ReplayOptions<C> = {}): Promise<Replayed> {
    parseOptions(replayOptions, options, 'replay')
    const { name, kind } = this.#contract
    if (kind === 'stream') {
      throw new OptionsError(
        `replay: the stream '${name}' still has the failed messages: read it again, from an earlier time`,
      )
    }
    const topology = queueDeclarationsOf(this.#contract)
    const { done, skipped } = await this.#transfer('replay', options, async (message, letter, signal) => {
      await this.#publish(replayCopy(message, letter, name), topology, signal)
    })
    return { replayed: done, skipped }
  }

  /**
   * Moves dead letters to another queue, unchanged. Each is removed from here after the broker has confirmed it.
   *
   * @throws {@link BrokerError} there is no such queue (`replyCode` 404), or the user has no access to it; no letter
   *   was touched
   * @throws {@link PublishError} a letter was not confirmed (`returned`: the queue is gone); it and all after it are
   *   still here
   * @throws {@link OptionsError} `to` is the dead-letter queue itself, or the work queue: see {@link replay}
   */
  async move(options: MoveOptions<C>): Promise<Moved> {
    const { to } = parseOptions(moveOptions, options, 'move')
    if (to === this.#queue) throw new OptionsError(`move: the dead letters are already in '${to}'`)
    if (to === this.#contract.name) throw new OptionsError(`move: '${to}' is the work queue: use replay()`)
    // Before any letter is taken, and on a channel of its own, because a missing queue closes the channel.
    await this.#channels.onChannel((channel) => channel.checkQueue(to))
    const { done, skipped } = await this.#transfer('move', options, async (message, letter, signal) => {
      await this.#publish(letterCopy(message, letter, to), [], signal)
    })
    return { moved: done, skipped }
  }

  /**
   * Removes dead letters for good; they cannot be restored. A call with `dryRun` tells their number before.
   *
   * @throws {@link OptionsError} there is no filter; to discard every letter it is `() => true`
   * @throws the error of the filter; no more letters are removed
   */
  async discard(options: DiscardOptions<C>): Promise<Discarded> {
    parseOptions(discardOptions, options, 'discard')
    const { done, skipped } = await this.#transfer('discard', options, async () => undefined)
    return { discarded: done, skipped }
  }

  /** Ends the running calls as an aborted `signal` does, and waits for them. A second call returns the same promise. */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, async (timeoutMs) => {
      await this.#channels.close(timeoutMs)
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
    const ends = [this.#channels.signal, ...(signal === undefined ? [] : [signal])]
    return await this.#pass(what, async (pass) => {
      return await transfer<LetterOf<C>>(pass, this.#source, {
        ...options,
        signal: AbortSignal.any(ends),
        carryOut: async (message, letter) => await carryOut(message, letter, pass.signal),
      })
    })
  }

  async #pass<T>(what: string, work: (pass: QueuePass) => Promise<T>): Promise<T> {
    const storeCopy = async (message: ReceivedMessage, signal: AbortSignal): Promise<unknown> => {
      return await this.#publish(renewedCopy(message, readDeadLetter(message, this.#source), this.#queue), [], signal)
    }
    return await this.#channels.pass(what, storeCopy, work)
  }
}

/** The result of `replay`. */
export interface Replayed {
  /** How many letters were replayed; with `dryRun`, how many would have been. */
  readonly replayed: number
  /** Letters that stay: the filter refused them, or they belong to another queue. */
  readonly skipped: number
}

/** The result of `move`. */
export interface Moved {
  /** How many letters were moved; with `dryRun`, how many would have been. */
  readonly moved: number
  /** Letters that stay: the filter refused them, or they belong to another queue. */
  readonly skipped: number
}

/** The result of `discard`. */
export interface Discarded {
  /** How many letters were discarded; with `dryRun`, how many would have been. */
  readonly discarded: number
  /** Letters that stay: the filter refused them, or they belong to another queue. */
  readonly skipped: number
}
