import { within } from '../async/timing.js'
import type { Lane } from '../connection/lanes/lane.js'
import type { RoleEvents } from '../consuming/delivery/role-events.js'
import { OffsetStoreError } from '../errors/offset-store-error.js'
import { OptionsError } from '../errors/options-error.js'
import type { ReceivedMessage } from '../message/message.js'
import { offsetOf, type StreamOffset } from '../message/stream-offset.js'
import { OffsetGaps } from './offset-gaps.js'
import { OffsetSaver, type OffsetSaverOptions, STORE_TIMEOUT_MS } from './offset-saver.js'
import type { OffsetStore } from './offset-store.js'
import { Offsets } from './offsets.js'
import type { StreamEvents } from './stream-events.js'
import { StreamProbe } from './stream-probe.js'

/** How long to wait for a message that exists: another replica may be behind the one that was read before. */
const BEHIND_MS = 5_000

/** The position of a reader in a stream. It outlasts a lost channel, and with a store also a lost process. */
export class StreamReader {
  readonly #options: StreamReaderOptions
  readonly #probe: StreamProbe
  readonly #saver: OffsetSaver | undefined
  readonly #gaps: OffsetGaps
  #offsets: Offsets | undefined

  constructor(options: StreamReaderOptions) {
    const { lane, name: stream, store, saveEveryMs: everyMs, events } = options
    this.#options = options
    this.#probe = new StreamProbe(lane, stream)
    this.#gaps = new OffsetGaps(this.#probe, (gap) => events.report('stream.truncated', gap))
    if (store === undefined) return
    const failed: OffsetSaverOptions['failed'] = (offset, error) => events.report('offset.not-saved', { offset, error })
    this.#saver = new OffsetSaver({ stream, store, everyMs, failed })
  }

  /** The offset at which the next consumer begins. */
  get offset(): number {
    return this.#known.expected
  }

  /**
   * Finds the offset to continue at. Runs before each `basic.consume`.
   *
   * @param isNew - whether the stream has just been created
   */
  async locate(isNew: boolean, signal: AbortSignal): Promise<void> {
    void this.#gaps.explain()
    const stored = this.#offsets?.next ?? (await this.#load())
    const begin = stored ?? (await this.#resolve(this.#options.offset, signal))
    const isFirst = this.#offsets === undefined
    if (isFirst) this.#begin(begin)
    this.#known.restart()
    if (isNew && begin > 0) this.#startOver(begin)
    else await this.#verify(begin, signal)
    // Saved before anything is consumed, so that a process that is killed right after continues from here.
    if (isFirst) await this.#saver?.flush()
  }

  /**
   * Notes a message. @returns whether to handle it: `false` when an earlier consumer has brought it already, or `wants`
   * refuses it
   */
  receive(message: ReceivedMessage): boolean {
    const offset = this.#offsetOf(message)
    const { expected: from } = this.#known
    // A gap of one offset is the broker's own entry at the beginning of each segment.
    if (offset > from + 1) this.#gaps.note({ from, to: offset - 1 })
    if (!this.#known.receive(offset)) return false
    if (this.#options.wants?.(message.fields.routingKey) !== false) return true
    this.settle(message)
    return false
  }

  /** Marks a message as done, with whatever result. */
  settle(message: ReceivedMessage): void {
    const { next } = this.#known
    this.#known.settle(this.#offsetOf(message))
    if (this.#known.next !== next) this.#saver?.note(this.#known.next)
  }

  /** Counts a failed attempt that another one follows. */
  fail(message: ReceivedMessage): void {
    this.#known.fail(this.#offsetOf(message))
  }

  /** The number of the next attempt, from 1. */
  attemptAt(message: ReceivedMessage): number {
    return this.#known.failuresOf(this.#offsetOf(message)) + 1
  }

  /** Saves the offset. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    this.#gaps.close()
    await this.#saver?.close(timeoutMs)
  }

  get #known(): Offsets {
    if (this.#offsets === undefined) throw new Error('the stream is read before its first offset is known')
    return this.#offsets
  }

  #offsetOf(message: ReceivedMessage): number {
    // Every delivery of a stream has an offset, and no other type of queue is consumed here.
    return offsetOf(message) ?? Number.NaN
  }

  async #load(): Promise<number | undefined> {
    const { name: stream, store } = this.#options
    if (store === undefined) return undefined
    const late = (): Error => new Error(`no answer within ${STORE_TIMEOUT_MS} ms`)
    const asking = (async () => await store.load())()
    const stored: unknown = await within(STORE_TIMEOUT_MS, asking, late).catch((error: unknown) => {
      throw new OffsetStoreError('load', stream, error)
    })
    if (stored === undefined || (typeof stored === 'number' && Number.isSafeInteger(stored) && stored >= 0)) {
      return stored
    }
    const kind = stored === null ? 'null' : `a ${typeof stored}`
    throw new OptionsError(
      `The offset store of the stream '${stream}' returned ${kind} that is not an offset: expected undefined or a whole number from 0`,
    )
  }

  /**
   * Resolves `first`, `last`, `next` or a time to an offset before consuming, so that a channel lost before the first
   * delivery skips nothing.
   */
  async #resolve(offset: StreamOffset, signal: AbortSignal): Promise<number> {
    if (typeof offset === 'number') return offset
    const found = offset === 'next' ? undefined : await this.#probe.first(offset, 0, signal)
    // No message is as new as a time in the future: reading begins behind the last one.
    if (found !== undefined) return found
    const last = await this.#probe.last(signal)
    return last === undefined ? 0 : last + 1
  }

  /**
   * Compares the wanted offset with the stream: retention may have removed it, or the stream may be a new one of the
   * same name.
   */
  async #verify(wanted: number, signal: AbortSignal): Promise<void> {
    // The message before it exists too, unless retention has just removed it. So the search finds a message even at the
    // end of the stream.
    const found = await this.#probe.first(Math.max(wanted - 1, 0), wanted === 0 ? 0 : BEHIND_MS, signal)
    if (found === undefined) {
      if (wanted > 0) this.#startOver(wanted)
    } else if (found > wanted) {
      this.#known.skipTo(found)
      this.#saver?.note(found)
      this.#options.events.report('stream.truncated', { from: wanted, to: found - 1 })
    }
  }

  #startOver(wanted: number): void {
    this.#begin(0)
    this.#options.events.report('stream.restarted', { offset: wanted })
  }

  #begin(offset: number): void {
    this.#offsets = new Offsets(offset)
    this.#saver?.note(offset)
  }
}

/** Options of {@link StreamReader}. */
export interface StreamReaderOptions {
  readonly lane: Lane
  /** The name of the stream. */
  readonly name: string
  /** The position to begin at when the store has no offset. */
  readonly offset: StreamOffset
  readonly store?: OffsetStore | undefined
  readonly saveEveryMs: number
  /** Chooses the events to handle, by their routing key. The reader skips all others. @defaultValue all events */
  readonly wants?: (routingKey: string) => boolean
  readonly events: Pick<RoleEvents<StreamEvents>, 'report'>
}
