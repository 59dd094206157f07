import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RabbitMQ } from '@leveret/testing'
import { type Connection, connect, Producer, type WorkQueue, workQueue } from 'leveret'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import { type Column, figure, renderTable } from '../table.js'
import { orderOf, orderSchema } from '../work/order.js'

const BOUNDS = { maxInFlight: 200, maxQueued: 200 }
/** How many loops of sends fill every bound. */
const GREEDY_LOOPS = BOUNDS.maxInFlight + BOUNDS.maxQueued
const OTHERS = 8
/** How many loops another producer has: its tenth of the unconfirmed messages, and some that wait. */
const LOOPS = 30
const FULL_MS = 10_000
const QUICK_MS = 2_000

const columns: readonly Column[] = [
  { heading: 'producer', align: 'left' },
  { heading: 'messages', align: 'right' },
  { heading: 'of the mean', align: 'right' },
  { heading: 'refused', align: 'right' },
  { heading: 'wait ms, median', align: 'right' },
  { heading: 'wait ms, most', align: 'right' },
]

/** Results of one producer. */
interface Account {
  readonly who: string
  readonly waitsMs: number[]
  refused: number
}

/**
 * Measures ten producers on one connection for ten seconds: one whose loops of sends fill the bounds, one with a
 * `sendAll` of a million messages, and eight with thirty loops each.
 *
 * @returns the table
 */
export async function fairness(broker: RabbitMQ, { quick }: Effort): Promise<string> {
  await using vhost = await createVhost(broker)
  const rabbit = await connect(vhost.url, BOUNDS)
  const end = new AbortController()
  const accounts: Account[] = []
  const works: (() => Promise<unknown>)[] = []
  const prepare = async (who: string, work: (producer: OrderProducer, account: Account) => Promise<unknown>) => {
    const account: Account = { who, waitsMs: [], refused: 0 }
    accounts.push(account)
    const producer = producerOf(rabbit, accounts.length)
    // The first message declares the queue.
    await producer.send(orderOf(200))
    works.push(() => work(producer, account))
  }
  await prepare(`${GREEDY_LOOPS} loops`, loops(GREEDY_LOOPS, end.signal))
  await prepare('sendAll of a million', all(end.signal))
  for (let other = 0; other < OTHERS; other += 1) await prepare(`${LOOPS} loops`, loops(LOOPS, end.signal))
  setTimeout(() => end.abort(), quick ? QUICK_MS : FULL_MS)
  await Promise.all(works.map((work) => work()))
  await rabbit.close()
  const title = `fairness: ten producers on one connection, maxInFlight ${BOUNDS.maxInFlight}, maxQueued ${BOUNDS.maxQueued}`
  const mean = accounts.reduce((sum, { waitsMs }) => sum + waitsMs.length, 0) / accounts.length
  return `${title}\n\n${renderTable(
    columns,
    accounts.map((account) => row(account, mean)),
  )}`
}

type OrderProducer = Producer<WorkQueue<typeof orderSchema>>

function producerOf(rabbit: Connection, number: number): OrderProducer {
  return new Producer(rabbit, workQueue(`fairness-${number}`, { payload: orderSchema, queue: { type: 'classic' } }))
}

function loops(count: number, end: AbortSignal): (producer: OrderProducer, account: Account) => Promise<unknown> {
  const order = orderOf(200)
  return async (producer, account) => {
    const loop = async (): Promise<void> => {
      while (!end.aborted) {
        const since = performance.now()
        try {
          await producer.send(order)
          account.waitsMs.push(performance.now() - since)
        } catch {
          account.refused += 1
          await nextTurn()
        }
      }
    }
    await Promise.all(Array.from({ length: count }, loop))
  }
}

/** Sends with `sendAll`. The wait of an item is the time until the source is asked for the next one. */
function all(end: AbortSignal): (producer: OrderProducer, account: Account) => Promise<unknown> {
  const order = orderOf(200)
  return async (producer, { waitsMs }) => {
    let since = performance.now()
    function* source(): Generator<typeof order> {
      for (let n = 0; n < 1_000_000; n += 1) {
        since = performance.now()
        yield order
        waitsMs.push(performance.now() - since)
      }
    }
    await producer.sendAll(source(), { signal: end }).catch((error: unknown) => {
      if (!end.aborted) throw error
    })
  }
}

function row({ who, waitsMs, refused }: Account, mean: number): string[] {
  const sorted = waitsMs.toSorted((a, b) => a - b)
  const at = (index: number): string => figure(sorted[index] ?? Number.NaN)
  return [
    who,
    waitsMs.length.toLocaleString('en-US'),
    (waitsMs.length / mean).toFixed(2),
    refused.toLocaleString('en-US'),
    at(Math.floor(sorted.length / 2)),
    at(sorted.length - 1),
  ]
}
