import { within } from '../async/timing.js'
import type { Lane } from '../connection/lanes/lane.js'
import type { RoleEvents } from '../consuming/delivery/role-events.js'
import { OptionsError } from '../errors/errors.js'
import { OffsetStoreError } from '../errors/offset-store-error.js'
import type { ReceivedMessage } from '../message/message.js'
import { offsetOf, type StreamOffset } from '../message/stream-offset.js'
import { Jumps } from './offset-gaps.js'
import { OffsetSaver, type OffsetSaverOptions, STORE_TIMEOUT_MS } from './offset-saver.js'
import type { OffsetStore } from './offset-store.js'
import { Offsets } from './offsets.js'
import type { StreamEvents } from './stream-events.js'
import { StreamProbe } from './stream-probe.js'

/** A replica that a reader comes to after another one may be behind it for so long. */
const BEHIND_MS = 5_000

/** What a reading is made of. */
export interface StreamReadingOptions {
  readonly lane: Lane
  /** Of the stream. */
  readonly name: string
  /** Where to begin when the store knows nothing. */
  readonly offset: StreamOffset
  readonly store?: OffsetStore | undefined
  readonly saveEveryMs: number
  /** Which events are handed over, by their routing key. The others are read past. @defaultValue all */
  readonly wants?: (routingKey: string) => boolean
  readonly events: Pick<RoleEvents<StreamEvents>, 'tell'>
}

/** How far a stream was read, over lost channels and, with a store, over lost processes. */
export class StreamReading {
  readonly #options: StreamReadingOptions
  readonly #probe: StreamProbe
  readonly #saver: OffsetSaver | undefined
  readonly #jumps: Jumps
  #offsets: Offsets | undefined

  constructor(options: StreamReadingOptions) {
    const { lane, name: stream, store, saveEveryMs: everyMs, events } = options
    this.#options = options
    this.#probe = new StreamProbe(lane, stream)
    this.#jumps = new Jumps(this.#probe, (jump) => events.tell('stream.truncated', jump))
    if (store === undefined) return
    const failed: OffsetSaverOptions['failed'] = (offset, error) => events.tell('offset.not-saved', { offset, error })
    this.#saver = new OffsetSaver({ stream, store, everyMs, failed })
  }

  /** Where the next consumer begins. */
  get offset(): number {
    return this.#known.expected
  }

  /**
   * Finds out where to go on. Runs before each subscription.
   *
   * @param isNew - the stream has just been made
   */
  async locate(isNew: boolean, signal: AbortSignal): Promise<void> {
    void this.#jumps.explain()
    const stored = this.#offsets?.next ?? (await this.#load())
    const begin = stored ?? (await this.#resolve(this.#options.offset, signal))
    const isFirst = this.#offsets === undefined
    if (isFirst) this.#begin(begin)
    this.#known.restart()
    if (isNew && begin > 0) this.#startOver(begin)
    else await this.#verify(begin, signal)
    // Before anything is consumed: who is killed right after it begins goes on from here.
    if (isFirst) await this.#saver?.flush()
  }

  /** @returns whether it is to be handled: no consumer has brought it before */
  receive(message: ReceivedMessage): boolean {
    const offset = this.#offsetOf(message)
    const { expected: from } = this.#known
    // One alone is the broker's, at the beginning of each segment.
    if (offset > from + 1) this.#jumps.note({ from, to: offset - 1 })
    if (!this.#known.receive(offset)) return false
    if (this.#options.wants?.(message.fields.routingKey) !== false) return true
    this.settle(message)
    return false
  }

  /** It is done, whatever came of it. */
  settle(message: ReceivedMessage): void {
    const { next } = this.#known
    this.#known.settle(this.#offsetOf(message))
    if (this.#known.next !== next) this.#saver?.note(this.#known.next)
  }

  /** An attempt at it has failed, and another one follows. */
  fail(message: ReceivedMessage): void {
    this.#known.fail(this.#offsetOf(message))
  }

  /** The number of the attempt that is next, from 1. */
  attemptAt(message: ReceivedMessage): number {
    return this.#known.failuresOf(this.#offsetOf(message)) + 1
  }

  /** Saves what is done. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    this.#jumps.close()
    await this.#saver?.close(timeoutMs)
  }

  get #known(): Offsets {
    if (this.#offsets === undefined) throw new Error('the stream is read before it is known where to begin')
    return this.#offsets
  }

  #offsetOf(message: ReceivedMessage): number {
    // Every delivery of a stream carries one; a queue of another type is never consumed here.
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
      `The offset store of the stream '${stream}' returned ${kind} that is no offset: expected undefined or a whole number from 0`,
    )
  }

  /** As a number, so that a reader that loses its channel before anything came misses nothing. */
  async #resolve(offset: StreamOffset, signal: AbortSignal): Promise<number> {
    if (typeof offset === 'number') return offset
    const found = offset === 'next' ? undefined : await this.#probe.first(offset, 0, signal)
    // Of a time that is not over yet nothing is there.
    if (found !== undefined) return found
    const last = await this.#probe.last(signal)
    return last === undefined ? 0 : last + 1
  }

  /** Compares what is wanted with what is there: retention may have taken it, or the stream may be another one. */
  async #verify(wanted: number, signal: AbortSignal): Promise<void> {
    // The one before it is there too, unless retention has just reached it; so something is found also at the end.
    const found = await this.#probe.first(Math.max(wanted - 1, 0), wanted === 0 ? 0 : BEHIND_MS, signal)
    if (found === undefined) {
      if (wanted > 0) this.#startOver(wanted)
    } else if (found > wanted) {
      this.#known.skipTo(found)
      this.#saver?.note(found)
      this.#options.events.tell('stream.truncated', { from: wanted, to: found - 1 })
    }
  }

  #startOver(wanted: number): void {
    this.#begin(0)
    this.#options.events.tell('stream.restarted', { offset: wanted })
  }

  #begin(offset: number): void {
    this.#offsets = new Offsets(offset)
    this.#saver?.note(offset)
  }
}
