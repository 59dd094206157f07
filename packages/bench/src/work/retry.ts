import { connect, Producer, Reject, Worker, type WorkerEvents, workQueue } from 'leveret'
import { Countdown } from './countdown.js'
import { orderSchema } from './order.js'
import { note } from './payload.js'
import type { Case, Contender, Session, Site, Workload } from './work.js'

/** The shortest delay that is allowed, because the copying is measured and not the waiting. */
const DELAY_MS = 1

interface Trouble {
  /** Handles an attempt, and may throw. */
  readonly handle: (attempt: number) => void
  /** The event that ends each message. */
  readonly end: keyof WorkerEvents & ('delivery.acked' | 'delivery.dead-lettered')
}

/** Opens a session with its own queue, because the queue of the workload has no dead letters. */
async function open({ handle, end }: Trouble, site: Site): Promise<Session> {
  const contract = workQueue(`${site.contract.name}.troubled`, {
    payload: orderSchema,
    queue: { type: site.contract.queue.type },
    retry: { delaysMs: [DELAY_MS] },
  })
  const rabbit = await connect(site.url)
  const producer = new Producer(rabbit, contract)
  return {
    run: async (watch) => {
      await producer.sendAll(Array.from({ length: site.messages }, () => site.order))
      const countdown = new Countdown(site.messages, watch)
      const counting = (_order: unknown, { attempt }: { attempt: number }): void => {
        countdown.begun()
        handle(attempt)
      }
      await using worker = new Worker(rabbit, contract, counting, { concurrency: site.atOnce })
      worker.on(end, () => countdown.delivered())
      await worker.start()
      await countdown.done
    },
    close: () => rabbit.close(),
  }
}

const contender = (trouble: Trouble): Contender => ({
  client: 'leveret',
  open: async (site) => await open(trouble, site),
})

const retrying = contender({
  handle: (attempt) => {
    if (attempt === 1) throw new Error('the first attempt fails')
  },
  end: 'delivery.acked',
})

const givingUp = contender({
  handle: () => {
    throw new Reject('never')
  },
  end: 'delivery.dead-lettered',
})

const cases: readonly Case[] = (['classic', 'quorum'] as const).map((queue) => ({
  queue,
  payload: note(200),
  atOnce: 50,
  messages: 3_000,
  headline: true,
}))

const shared = { atOnce: 'prefetch', before: 'empty', after: 'empty', cases, peers: [] } as const

/** Workload: each message fails once, waits as a copy, and is then acknowledged. */
export const retry: Workload = {
  ...shared,
  title: `retry: each message fails once, and its copy comes back after ${DELAY_MS} ms`,
  contenders: [retrying],
}

/** Workload: each message is dead-lettered after its first attempt. */
export const deadLetter: Workload = {
  ...shared,
  title: 'dead letters: each message is given up at once, and kept as a copy',
  contenders: [givingUp],
}
