import { decodePayload, type PayloadContract } from '../contract/payload.js'
import type { OutputOf, Schema } from '../contract/schema.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { Judge } from './attempt.js'
import { withinDeadline } from './deadline.js'
import type { OrderKey } from './slots.js'
import type { Verdict } from './verdict.js'

/** What has been read of a delivery: its checked payload and its key, or the verdict on one that has none. */
export type Read<Payload> = { readonly payload: Payload; readonly key: OrderKey | undefined } | Verdict

/** What a reader is made of. */
export interface ReaderOptions<S extends Schema> {
  readonly contract: PayloadContract<S>
  /** Payloads of one key are handled in the order in which they came. */
  readonly orderBy: ((payload: OutputOf<S>) => OrderKey) | undefined
  /** How long a schema may take. */
  readonly timeoutMs: number
  readonly judge: Judge
}

/** Decodes and checks deliveries: at once where the schema does so, and where order matters in the order in which they came. */
export class Reader<S extends Schema> {
  readonly #options: ReaderOptions<S>
  /** The last one that is being read, where order matters. */
  #last: Promise<unknown> | undefined

  constructor(options: ReaderOptions<S>) {
    this.#options = options
  }

  /** Never throws or rejects. */
  read(delivery: ActiveDelivery): Read<OutputOf<S>> | Promise<Read<OutputOf<S>>> {
    const { contract, orderBy } = this.#options
    const { content, properties } = delivery.message
    let read: Read<OutputOf<S>> | Promise<Read<OutputOf<S>>>
    try {
      const payload = decodePayload(contract, content, properties)
      read = payload instanceof Promise ? this.#readLate(payload, delivery) : this.#keyed(payload)
    } catch (error) {
      read = this.#options.judge(error, delivery.attempt)
    }
    return orderBy === undefined || (this.#last === undefined && !(read instanceof Promise)) ? read : this.#inTurn(read)
  }

  async #readLate(payload: Promise<OutputOf<S>>, delivery: ActiveDelivery): Promise<Read<OutputOf<S>>> {
    const { timeoutMs, judge } = this.#options
    const nothing = (): void => undefined
    try {
      const deadline = { timeoutMs, life: delivery.life.signal, abort: nothing, late: nothing }
      return this.#keyed(await withinDeadline(payload, deadline))
    } catch (error) {
      return judge(error, delivery.attempt)
    }
  }

  #keyed(payload: OutputOf<S>): Read<OutputOf<S>> {
    return { payload, key: this.#options.orderBy?.(payload) }
  }

  /** A schema may answer for a later one first. */
  async #inTurn(read: Read<OutputOf<S>> | Promise<Read<OutputOf<S>>>): Promise<Read<OutputOf<S>>> {
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
