import type { Delivery } from '../../message/delivery.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { ConsumePlace, ProcessBatchTrace } from '../delivery/process-trace.js'
import { endBatch, traceBatch } from '../delivery/tracing-deliveries.js'

/**
 * One call of a handler for several deliveries. Each delivery joins it separately, through its own interceptors. The
 * call starts when every delivery has joined or has left.
 */
export class SharedCall<Payload, D extends ActiveDelivery = ActiveDelivery> {
  readonly #options: SharedCallOptions<Payload>
  readonly #items: { readonly payload: Payload; readonly delivery: D }[] = []
  readonly #joined = new Set<D>()
  /** Starts the call for the deliveries that have joined, without waiting longer for the others. */
  readonly #timer: NodeJS.Timeout
  #isMade = false
  #trace: ProcessBatchTrace | undefined
  /** The error of the whole call. */
  #failure: unknown
  /** How many deliveries may still join. */
  #awaited: number
  /** How many attempts have not ended. */
  #open: number
  #make: (results: Promise<readonly Result[]>) => void = () => undefined
  readonly #results = new Promise<readonly Result[]>((resolve) => {
    this.#make = resolve
  })

  constructor(options: SharedCallOptions<Payload>) {
    this.#options = options
    this.#awaited = options.size
    this.#open = options.size
    this.#timer = setTimeout(() => this.#begin(), options.patienceMs)
    // An interceptor may ignore the promise of the call: a rejection is not unhandled then.
    this.#results.catch(() => undefined)
  }

  /** The deliveries that have joined. */
  get joined(): ReadonlySet<D> {
    return this.#joined
  }

  /** Adds a delivery to the call. Settles with the result of the handler for this delivery. */
  async join(payload: Payload, delivery: D): Promise<void> {
    if (this.#isMade)
      throw new Error('the batch began without this delivery: its interceptor or the deduplication store took too long')
    const index = this.#items.push({ payload, delivery }) - 1
    this.#joined.add(delivery)
    this.#count()
    const result = (await this.#results)[index]
    if (result?.status === 'rejected') throw result.reason
  }

  /** Ends the attempt at a delivery, which may never have joined. */
  leave(delivery: D): void {
    if (!this.#joined.has(delivery)) this.#count()
    this.#open -= 1
    if (this.#open > 0) return
    clearTimeout(this.#timer)
    if (this.#trace !== undefined) endBatch(this.#trace, this.#failure ?? delivery.end?.reason)
    this.#options.ended()
  }

  #count(): void {
    this.#awaited -= 1
    if (this.#awaited === 0) this.#begin()
  }

  #begin(): void {
    if (this.#isMade || this.#items.length === 0) return
    this.#isMade = true
    clearTimeout(this.#timer)
    this.#make(this.#call())
  }

  async #call(): Promise<readonly Result[]> {
    const items = this.#items
    const [first] = items
    if (first === undefined) return []
    const { handler, place } = this.#options
    try {
      const deliveries = items.map(({ delivery }) => delivery)
      const { result, trace } = traceBatch(place, deliveries, () => handler(items, first.delivery.signal))
      this.#trace = trace
      return readResults(await result, items.length)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }
}

/** Options of {@link SharedCall}. */
export interface SharedCallOptions<Payload> {
  readonly handler: BatchHandler<Payload>
  readonly place: ConsumePlace
  /** How many deliveries may join. */
  readonly size: number
  /**
   * How long the deliveries that have joined wait for the others, so that one slow delivery does not use up the time of
   * all.
   */
  readonly patienceMs: number
  /** Called when the attempts at all deliveries have ended. */
  ended(): void
}

/** One delivery of a batch, with its payload. */
export interface BatchItem<Payload> {
  readonly payload: Payload
  readonly delivery: Delivery
}

/**
 * Works on several deliveries at once.
 *
 * Returning nothing acknowledges all of them (`basic.ack`). Throwing fails the attempt of each. To decide about each
 * one, return one result per delivery, in their order, as `Promise.allSettled` makes them: `fulfilled` acknowledges the
 * delivery, `rejected` fails its attempt with the `reason`, which may be a `Reject` or a `Retry`.
 *
 * @param signal - aborted when the time of the batch is up, when its connection is lost, and near the end of `close`
 */
export type BatchHandler<Payload> = (items: readonly BatchItem<Payload>[], signal: AbortSignal) => unknown

type Result = PromiseSettledResult<unknown>

/** @throws TypeError the handler returned something other than `count` results */
function readResults(returned: unknown, count: number): readonly Result[] {
  if (returned === undefined) return Array.from({ length: count }, () => ({ status: 'fulfilled', value: undefined }))
  // A copy, because `every` skips the holes of a sparse array.
  const results: readonly unknown[] = Array.isArray(returned) ? Array.from(returned) : []
  if (results.length === count && results.every(isResult)) return results
  throw new TypeError(
    `the handler of a batch returns nothing, or one result for each of its ${count} deliveries, as Promise.allSettled makes them`,
  )
}

function isResult(value: unknown): value is Result {
  const status = typeof value === 'object' && value !== null && 'status' in value ? value.status : undefined
  return status === 'fulfilled' || status === 'rejected'
}
