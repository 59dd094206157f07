import { InHand } from '../../async/in-flight-count.js'
import type { Soon } from '../../async/maybe-promise.js'
import { Fifo } from '../../collections/fifo.js'

/** What has the same key is handled one after the other. */
export type OrderKey = string | number

interface Waiter {
  readonly key: OrderKey | undefined
  admit(begins: boolean): void
}

/** Bounds how many deliveries are handled at once, and keeps those of one key in the order in which they came. */
export class Slots {
  #limit: number
  readonly #running = new InHand()
  #waiting = 0
  #closed = false
  /** They want nothing but a slot. */
  readonly #ready = new Fifo<Waiter>()
  /** For every key that has a slot or waits for one: those that come after it. */
  readonly #behind = new Map<OrderKey, Fifo<Waiter>>()
  readonly #onGiveBack: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get taken(): number {
    return this.#running.size
  }

  /** How many wait for a slot. */
  get waiting(): number {
    return this.#waiting
  }

  /** Resolves as soon as nothing has a slot. */
  async whenIdle(): Promise<void> {
    await this.#running.whenEmpty()
  }

  /** Whether what comes now is given back. */
  get isClosed(): boolean {
    return this.#closed
  }

  /** How many may be taken from now on. What has begun goes on. */
  limit(limit: number): void {
    this.#limit = limit
    this.#admit()
  }

  /** @returns whether it may begin; `false` when it is to be given back. Every `true` is followed by a {@link leave} */
  enter(key?: OrderKey): Soon<boolean> {
    if (this.#closed) return false
    const behind = key === undefined ? undefined : this.#behind.get(key)
    if (behind === undefined && key !== undefined) this.#behind.set(key, new Fifo())
    if (behind === undefined && this.#ready.peek() === undefined && this.taken < this.#limit) {
      this.#running.begin()
      return true
    }
    this.#waiting += 1
    return new Promise((resolve) => {
      const admit = (begins: boolean): void => {
        this.#waiting -= 1
        resolve(begins)
      }
      ;(behind ?? this.#ready).push({ key, admit })
    })
  }

  /**
   * Asks whether a holder of a slot may make another attempt. Where fewer slots are to be taken it waits, before all others.
   *
   * @returns `false` when it is to be given back. It holds its slot again, whatever comes of it
   */
  again(): Soon<boolean> {
    if (this.#closed) return false
    if (this.taken <= this.#limit) return true
    this.#running.end()
    return new Promise((resolve) => {
      const admit = (begins: boolean): void => {
        if (!begins) this.#running.begin()
        resolve(begins)
      }
      this.#ready.unshift({ key: undefined, admit })
    })
  }

  leave(key?: OrderKey): void {
    this.#running.end()
    if (key !== undefined) this.#nextOf(key)
    this.#admit()
  }

  /** What waits does not begin. */
  giveBack(): void {
    const ready = this.#ready.drain()
    const behind = [...this.#behind.values()].flatMap((waiters) => waiters.drain())
    for (const { key } of ready) if (key !== undefined) this.#behind.delete(key)
    for (const waiter of [...ready, ...behind]) waiter.admit(false)
    for (const callback of this.#onGiveBack) callback()
  }

  /** Calls back at each {@link giveBack}. */
  onGiveBack(callback: () => void): void {
    this.#onGiveBack.push(callback)
  }

  /** Gives back what waits, and whatever comes until {@link open}. */
  close(): void {
    this.#closed = true
    this.giveBack()
  }

  open(): void {
    this.#closed = false
  }

  #nextOf(key: OrderKey): void {
    const behind = this.#behind.get(key)
    const next = behind?.peek()
    if (next === undefined) this.#behind.delete(key)
    else {
      behind?.shift()
      this.#ready.push(next)
    }
  }

  #admit(): void {
    for (let next = this.#ready.peek(); next !== undefined && this.taken < this.#limit; next = this.#ready.peek()) {
      this.#ready.shift()
      this.#running.begin()
      next.admit(true)
    }
  }
}
