import { disregard, isLater, type Soon } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { Verdict } from '../delivery/verdict.js'
import type { Judge } from './attempt.js'
import { withinDeadline } from './deadline.js'
import type { OrderKey } from './slots.js'

/** What has been read of a delivery: its checked payload and its key, or the verdict on one that has none. */
export type Read<Payload> = { readonly payload: Payload; readonly key: OrderKey | undefined } | Verdict

/** Decodes and checks one delivery. Throws or rejects with what is to be judged. */
export type Decode<Payload> = (delivery: ActiveDelivery) => Soon<Payload>

/** What a reader is made of. */
export interface ReaderOptions<Payload> {
  readonly decode: Decode<Payload>
  /** Payloads of one key are handled in the order in which they came. With it, all are read in that order. */
  readonly orderBy: ((payload: Payload) => OrderKey | undefined) | undefined
  /** How long a schema may take. */
  readonly timeoutMs: number
  readonly judge: Judge
}

/** Decodes and checks deliveries: at once where the schema does so, and where order matters in the order in which they came. */
export class Reader<Payload> {
  readonly #options: ReaderOptions<Payload>
  /** The last one that is being read, where order matters. */
  #last: Promise<unknown> | undefined

  constructor(options: ReaderOptions<Payload>) {
    this.#options = options
  }

  /** Never throws or rejects. */
  read(delivery: ActiveDelivery): Soon<Read<Payload>> {
    const { decode, orderBy } = this.#options
    let read: Soon<Read<Payload>>
    try {
      const payload = decode(delivery)
      read = isLater(payload) ? this.#readLate(payload, delivery) : this.#keyed(payload)
    } catch (error) {
      read = this.#options.judge(error, delivery.attempt)
    }
    return orderBy === undefined || (this.#last === undefined && !isLater(read)) ? read : this.#inTurn(read)
  }

  async #readLate(payload: Promise<Payload>, delivery: ActiveDelivery): Promise<Read<Payload>> {
    const { timeoutMs, judge } = this.#options
    const nothing = (): void => undefined
    try {
      const deadline = { timeoutMs, abort: nothing, givenUp: nothing }
      return this.#keyed(await withinDeadline(payload, deadline))
    } catch (error) {
      return judge(error, delivery.attempt)
    }
  }

  #keyed(payload: Payload): Read<Payload> {
    const key: unknown = this.#options.orderBy?.(payload)
    if (key === undefined || typeof key === 'string' || typeof key === 'number') return { payload, key }
    disregard(key)
    // Each object is a key of its own: nothing would be ordered by it.
    throw new TypeError(`orderBy returned a value of type ${typeof key}: expected a string or a number`)
  }

  /** A schema may answer for a later one first. */
  async #inTurn(read: Soon<Read<Payload>>): Promise<Read<Payload>> {
    const before = this.#last
    const turn = (async () => {
      await before
      return await read
    })()
    this.#last = turn
    const result = await turn
    if (this.#last === turn) this.#last = undefined
    return result
  }
}
