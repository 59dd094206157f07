import type { Delivery } from '../../message/delivery.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { ConsumePlace, ProcessBatchTrace } from '../delivery/process-trace.js'
import { endBatch, traceBatch } from '../delivery/tracing-deliveries.js'

/** One of the deliveries of a batch. */
export interface BatchItem<Payload> {
  readonly payload: Payload
  readonly delivery: Delivery
}

/**
 * Works on several deliveries at once.
 *
 * Returning nothing acknowledges all of them; throwing fails an attempt of each. To say it of each one, return one result for
 * each, in their order, as `Promise.allSettled` makes them: `fulfilled` acknowledges, `rejected` fails the attempt with its
 * `reason`, which may be a `Reject` or a `Retry`.
 *
 * @param signal - aborted when the time of the batch is up, when its connection is lost, and near the end of `close`
 */
export type BatchHandler<Payload> = (items: readonly BatchItem<Payload>[], signal: AbortSignal) => unknown

type Result = PromiseSettledResult<unknown>

/** Options of {@link SharedCall}. */
export interface SharedCallOptions<Payload> {
  readonly handler: BatchHandler<Payload>
  readonly place: ConsumePlace
  /** How many deliveries may come. */
  readonly size: number
  /** How long those that have come wait for the others, so that one that is held up does not take their time. */
  readonly patienceMs: number
  /** Called when the attempts at all of them have ended. */
  ended(): void
}

/**
 * One call of a handler for several deliveries. Each of them comes here by itself, through its own interceptors; the call is made when
 * each has come, or will not come.
 */
export class SharedCall<Payload, D extends ActiveDelivery = ActiveDelivery> {
  readonly #options: SharedCallOptions<Payload>
  readonly #items: { readonly payload: Payload; readonly delivery: D }[] = []
  readonly #joined = new Set<D>()
  /** Those that have come when it fires are handled without the others. */
  readonly #timer: NodeJS.Timeout
  #isMade = false
  #trace: ProcessBatchTrace | undefined
  /** What the whole call failed with. */
  #failure: unknown
  /** How many may still come. */
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
    // An interceptor may not listen to what it called.
    this.#results.catch(() => undefined)
  }

  /** Those that have come. */
  get joined(): ReadonlySet<D> {
    return this.#joined
  }

  /** A delivery has come. Settles as the handler says of it. */
  async join(payload: Payload, delivery: D): Promise<void> {
    if (this.#isMade)
      throw new Error('its batch began without it: an interceptor or the deduplication store took too long')
    const index = this.#items.push({ payload, delivery }) - 1
    this.#joined.add(delivery)
    this.#count()
    const result = (await this.#results)[index]
    if (result?.status === 'rejected') throw result.reason
  }

  /** The attempt at a delivery has ended, perhaps before it has come. */
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

/** @throws TypeError what was returned is no result of so many */
function readResults(returned: unknown, count: number): readonly Result[] {
  if (returned === undefined) return Array.from({ length: count }, () => ({ status: 'fulfilled', value: undefined }))
  // A copy, because `every` passes over holes.
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
