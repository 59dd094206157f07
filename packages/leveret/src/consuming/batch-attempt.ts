import type { Delivery } from '../connection/delivery.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { Call, Judge } from './attempt.js'
import type { Task } from './attempts.js'
import { withinDeadline } from './deadline.js'
import type { Begun, Deduplicator } from './deduplication.js'
import type { Verdict } from './verdict.js'

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

/** What an attempt at a batch is made of. */
export interface BatchAttemptOptions<Payload> {
  readonly handler: BatchHandler<Payload>
  /** The interceptors: around the result of each delivery. The handler stands beside them. */
  readonly around: Call<() => Promise<void>, ActiveDelivery>
  readonly deduplicator: Deduplicator | undefined
  readonly handlerTimeoutMs: number
  readonly judge: Judge
  late(delivery: Delivery): void
}

type Tasks<Payload> = readonly Task<Payload>[]
type Verdicts<Payload> = ReadonlyMap<Task<Payload>, Verdict>

/** Makes one attempt at each of several deliveries, in one call of the handler. Never rejects. */
export class BatchAttempt<Payload> {
  readonly #options: BatchAttemptOptions<Payload>

  constructor(options: BatchAttemptOptions<Payload>) {
    this.#options = options
  }

  /** @param tasks - at least one, all of one life */
  async make(tasks: readonly [Task<Payload>, ...Task<Payload>[]]): Promise<Verdicts<Payload>> {
    const { handlerTimeoutMs: timeoutMs, late } = this.#options
    const each = (act: (delivery: ActiveDelivery) => void): void => {
      for (const { delivery } of tasks) act(delivery)
    }
    each((delivery) => delivery.begin(timeoutMs))
    const verdicts = withinDeadline(this.#once(tasks), {
      timeoutMs,
      abort: (reason) => each((delivery) => delivery.abort(reason)),
      late: () => each(late),
    })
    return await verdicts.catch((thrown: unknown) => new Map(tasks.map((task) => this.#failed(task, thrown))))
  }

  async #once(tasks: Tasks<Payload>): Promise<Verdicts<Payload>> {
    const { deduplicator } = this.#options
    if (deduplicator === undefined) return await this.#call(tasks)
    const begun = new Map<Task<Payload>, Begun>()
    const begin = async (task: Task<Payload>): Promise<void> => {
      const failed = (error: unknown): Verdict => this.#failed(task, error)[1]
      begun.set(task, await deduplicator.begin(task.delivery).catch(failed))
    }
    await Promise.all(tasks.map(begin))
    const called = await this.#call(tasks.filter((task) => begun.get(task)?.do === 'handle'))
    const end = async ([task, taken]: [Task<Payload>, Begun]): Promise<[Task<Payload>, Verdict][]> => {
      if (taken.do !== 'handle') return [[task, taken]]
      await deduplicator.end(taken, called.get(task))
      return []
    }
    const skipped = await Promise.all([...begun].map(end))
    return new Map([...skipped.flat(), ...called])
  }

  async #call(tasks: Tasks<Payload>): Promise<Verdicts<Payload>> {
    const [first] = tasks
    if (first === undefined) return new Map()
    const { handler, around } = this.#options
    const items = tasks.map(({ payload, delivery }) => ({ payload, delivery }))
    const results = (async () => readResults(await handler(items, first.delivery.signal), tasks.length))()
    const ends = tasks.map(async (task, index): Promise<[Task<Payload>, Verdict]> => {
      const resultOf = async (): Promise<void> => {
        const result = (await results)[index]
        if (result?.status === 'rejected') throw result.reason
      }
      try {
        await around(resultOf, task.delivery)
        return [task, { do: 'ack' }]
      } catch (thrown) {
        return this.#failed(task, thrown)
      }
    })
    return new Map(await Promise.all(ends))
  }

  #failed(task: Task<Payload>, thrown: unknown): [Task<Payload>, Verdict] {
    return [task, this.#options.judge(thrown, task.delivery.attempt)]
  }
}

/** @throws TypeError what was returned is no result of so many */
function readResults(returned: unknown, count: number): readonly PromiseSettledResult<unknown>[] {
  if (returned === undefined) return Array.from({ length: count }, () => ({ status: 'fulfilled', value: undefined }))
  if (Array.isArray(returned) && returned.length === count && returned.every(isResult)) return returned
  throw new TypeError(
    `the handler of a batch returns nothing, or one result for each of its ${count} deliveries, as Promise.allSettled makes them`,
  )
}

function isResult(value: unknown): value is PromiseSettledResult<unknown> {
  const status = typeof value === 'object' && value !== null && 'status' in value ? value.status : undefined
  return status === 'fulfilled' || status === 'rejected'
}
