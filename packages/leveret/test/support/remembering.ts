import {
  type Connection,
  type DeduplicationStore,
  type Delivery,
  MemoryDeduplicationStore,
  Worker,
  type WorkerOptions,
  workQueue,
} from '../../src/index.js'
import { tasks } from './support.js'

/** Handles a numbered task. */
export type Handler = (task: { n: number }, delivery: Delivery) => unknown
type Calls = Partial<Record<keyof DeduplicationStore, (...args: never[]) => unknown>>

/** A store in memory of which some calls are done otherwise. */
export function storeWith(calls: Calls): DeduplicationStore & { readonly memory: MemoryDeduplicationStore } {
  const memory = new MemoryDeduplicationStore()
  return {
    memory,
    begin: (...args) => memory.begin(...args),
    done: (...args) => memory.done(...args),
    giveUp: (...args) => memory.giveUp(...args),
    ...(calls as object),
  }
}

type Settings = Pick<WorkerOptions<{ n: number }>, 'handlerTimeoutMs' | 'acknowledge'>

/** Tasks that are tried once, so that what becomes of an attempt is what becomes of the task. */
export const once: typeof tasks = workQueue('once', { payload: tasks.payload, retry: false })

/** A worker that remembers what it has handled. */
export function workerOf(
  rabbit: Connection,
  handler: Handler,
  store: DeduplicationStore,
  { contract = once, ...options }: Settings & { contract?: typeof tasks } = {},
): Worker<typeof tasks> {
  // The types tell the ways to acknowledge apart.
  return new Worker(rabbit, contract, handler, { ...(options as object), deduplicate: { store, ttlMs: 60_000 } })
}
