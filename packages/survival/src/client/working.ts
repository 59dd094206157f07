import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, type Delivery, Reject, type SchemaOutput, Worker } from 'leveret'
import { ORDERED_PREFETCH, type QueueName, queueNames, queueOf } from '../ledger/message.js'
import type { contractsOf, payload } from './contracts.js'
import type { Death } from './death.js'
import type { Notebook } from './notebook.js'
import type { ClientSettings } from './settings.js'

/** The default for the longest run of a handler. The handler of `ordered` returns at once. */
const WORK_MS = 5

type Settings = Pick<ClientSettings, 'prefetch' | 'consumerTimeoutMs' | 'workMs' | 'heedsSignal'>

/** Starts a worker for each queue. Resolves when the broker delivers to all of them. */
export async function startWorking(
  rabbit: Connection,
  contracts: ReturnType<typeof contractsOf>,
  notebook: Notebook,
  settings: Settings & { readonly death: Death },
): Promise<void> {
  const { death, prefetch, consumerTimeoutMs } = settings
  const workers = queueNames.map((queue) => {
    // A concurrency of 1 with a larger prefetch: sending must not be faster than handling.
    const pace = queue === 'ordered' ? { concurrency: 1, prefetch: ORDERED_PREFETCH } : { concurrency: prefetch }
    // A handler that hangs must run for longer than the broker waits.
    const patience = consumerTimeoutMs === undefined ? {} : { handlerTimeoutMs: 4 * consumerTimeoutMs }
    return new Worker(rabbit, contracts[queue], handlerOf(queue, notebook, settings), { ...pace, ...patience })
  })
  for (const worker of workers) {
    worker.on('delivery.acked', ({ messageId = '?' }) => notebook.note('acked', messageId))
    worker.on('delivery.retried', ({ messageId = '?' }) => notebook.note('retried', messageId))
    worker.on('delivery.dead-lettered', ({ messageId = '?' }) => notebook.note('dead', messageId))
    worker.on('delivery.stale', ({ messageId = '?' }) => notebook.note('stale', messageId))
    worker.on('delivery.isolated', ({ messageId = '?' }) => notebook.note('isolated', messageId))
    death.watch(worker)
  }
  await Promise.all(workers.map((worker) => worker.start()))
}

function handlerOf(
  queue: QueueName,
  notebook: Notebook,
  { death, workMs = WORK_MS, heedsSignal = false }: Settings & { readonly death: Death },
) {
  const hung = new Set<string>()
  return async ({ behaviour }: SchemaOutput<typeof payload>, delivery: Delivery): Promise<void> => {
    const { messageId: id = '?', attempt, signal } = delivery
    notebook.note('begun', id, String(attempt))
    if (queueOf(id) !== queue) notebook.note('misplaced', id, queue)
    const fails = behaviour === 'fails' || behaviour === 'rejects' || (behaviour === 'fails-once' && attempt === 1)
    if (fails) death.at(attempt === 1 ? 'begun' : 'begun-again')
    if (behaviour === 'hangs' && !hung.has(id)) {
      hung.add(id)
      await delay(2 ** 31 - 1, undefined, { signal }).catch(() => undefined)
    } else if (queue !== 'ordered') {
      await delay(Math.random() * workMs, undefined, heedsSignal ? { signal } : {}).catch(() => undefined)
      if (heedsSignal && signal.aborted) return
    }
    if (fails) {
      notebook.note('thrown', id, String(attempt))
      throw behaviour === 'rejects' ? new Reject('never') : new Error('not this time')
    }
    notebook.note('done', id)
  }
}
