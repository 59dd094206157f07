import { InFlightCount } from '../../async/in-flight-count.js'
import type { MaybePromise } from '../../async/maybe-promise.js'
import { Fifo } from '../../collections/fifo.js'

/** Limits how many deliveries are handled at once, and keeps those of one key in their order of arrival. */
export class Slots {
  #limit: number
  readonly #running = new InFlightCount()
  #waiting = 0
  #closed = false
  /** Deliveries that wait for nothing but a slot. */
  readonly #ready = new Fifo<Waiter>()
  /** The deliveries behind each key that has a slot or waits for one. */
  readonly #behind = new Map<OrderKey, Fifo<Waiter>>()
  readonly #onGiveBack: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get taken(): number {
    return this.#running.size
  }

  /** How many deliveries wait for a slot. */
  get waiting(): number {
    return this.#waiting
  }

  /** Resolves as soon as no slot is taken. */
  async whenIdle(): Promise<void> {
    await this.#running.whenEmpty()
  }

  /** Whether deliveries that arrive now are given back. */
  get isClosed(): boolean {
    return this.#closed
  }

  /** Changes the number of slots. Deliveries that have begun continue. */
  limit(limit: number): void {
    this.#limit = limit
    this.#admit()
  }

  /**
   * Waits for a slot.
   * @returns whether the delivery may begin; `false` when it goes back to its queue. Every `true` is followed by a
   *   {@link leave}
   */
  enter(key?: OrderKey): MaybePromise<boolean> {
    if (this.#closed) return false
    const behind = key === undefined ? undefined : this.#behind.get(key)
    if (behind === undefined && key !== undefined) this.#behind.set(key, new Fifo())
    if (behind === undefined && this.#ready.size === 0 && this.#running.size < this.#limit) {
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
   * Asks whether a delivery that has a slot may make another attempt. If the number of slots has become smaller, it
   * waits, ahead of all others.
   *
   * @returns `false` when the delivery goes back to its queue. It has its slot again in either case
   */
  again(): MaybePromise<boolean> {
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
    if (this.#ready.size > 0) this.#admit()
  }

  /** Gives back the deliveries that wait. */
  giveBack(): void {
    const ready = this.#ready.drain()
    const behind = [...this.#behind.values()].flatMap((waiters) => waiters.drain())
    for (const { key } of ready) if (key !== undefined) this.#behind.delete(key)
    for (const waiter of [...ready, ...behind]) waiter.admit(false)
    for (const callback of this.#onGiveBack) callback()
  }

  /** Adds a callback for each {@link giveBack}. */
  onGiveBack(callback: () => void): void {
    this.#onGiveBack.push(callback)
  }

  /** Gives back the deliveries that wait, and all that arrive until {@link open}. */
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
    for (let next = this.#ready.peek(); next !== undefined; next = this.#ready.peek()) {
      if (this.#running.size >= this.#limit) return
      this.#ready.shift()
      this.#running.begin()
      next.admit(true)
    }
  }
}

/** A key. Deliveries of the same key are handled one after the other. */
export type OrderKey = string | number

interface Waiter {
  readonly key: OrderKey | undefined
  admit(begins: boolean): void
}
