import { disregard, isLater, type MaybePromise } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import { HandlerTimeout } from '../delivery/handler-errors.js'
import type { Verdict } from '../delivery/verdict.js'
import type { Judge } from './attempt.js'
import { withinDeadline } from './deadline.js'
import type { OrderKey } from './slots.js'

const UNREAD = 'its schema or codec had not finished'

/**
 * Decodes and checks deliveries. The result comes at once if the schema is synchronous, and in the order of arrival
 * where order matters.
 */
export class PayloadReader<Payload> {
  readonly #options: ReaderOptions<Payload>
  /** The result of the last delivery that is being read, where order matters. */
  #last: Promise<unknown> | undefined

  constructor(options: ReaderOptions<Payload>) {
    this.#options = options
  }

  /** Reads a delivery. Never throws or rejects. */
  read(delivery: ActiveDelivery): MaybePromise<ReadResult<Payload>> {
    const { decode, orderBy } = this.#options
    let read: MaybePromise<ReadResult<Payload>>
    try {
      const payload = decode(delivery)
      if (isLater(payload)) read = this.#readLate(payload, delivery)
      else read = orderBy === undefined ? { payload, key: undefined } : this.#keyed(payload)
    } catch (error) {
      read = this.#options.judge(error, delivery.attempt)
    }
    return orderBy === undefined || (this.#last === undefined && !isLater(read)) ? read : this.#inTurn(read)
  }

  async #readLate(payload: Promise<Payload>, delivery: ActiveDelivery): Promise<ReadResult<Payload>> {
    const { timeoutMs, judge } = this.#options
    let isLate = false
    const abort = (): void => {
      isLate = true
    }
    try {
      return this.#keyed(await withinDeadline(payload, { timeoutMs, abort, givenUp: () => undefined }))
    } catch (error) {
      // What fails when its time is up has said nothing of the payload.
      return judge(isLate ? new HandlerTimeout(timeoutMs, UNREAD) : error, delivery.attempt)
    }
  }

  #keyed(payload: Payload): ReadResult<Payload> {
    const key: unknown = this.#options.orderBy?.(payload)
    if (key === undefined || typeof key === 'string' || typeof key === 'number') return { payload, key }
    disregard(key)
    // Objects are never equal keys, so they would order nothing.
    throw new TypeError(`orderBy returned a value of type ${typeof key}: expected a string or a number`)
  }

  /** Puts a result in its turn: an asynchronous schema may finish a later delivery first. */
  async #inTurn(read: MaybePromise<ReadResult<Payload>>): Promise<ReadResult<Payload>> {
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

/**
 * The result of reading a delivery: its checked payload and its key, or the verdict on a delivery that could not be
 * read.
 */
export type ReadResult<Payload> = { readonly payload: Payload; readonly key: OrderKey | undefined } | Verdict

/** Decodes and checks one delivery. Throws or rejects with the error that is to be judged. */
export type Decode<Payload> = (delivery: ActiveDelivery) => MaybePromise<Payload>

/** Options of {@link PayloadReader}. */
export interface ReaderOptions<Payload> {
  readonly decode: Decode<Payload>
  /**
   * The key of a payload. Payloads of one key are handled in their order of arrival. With it, all are read in that
   * order.
   */
  readonly orderBy: ((payload: Payload) => OrderKey | undefined) | undefined
  /** How long a schema or a codec may take. */
  readonly timeoutMs: number
  readonly judge: Judge
}
