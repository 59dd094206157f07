import { startMemoryBroker } from '@leveret/testing'
import { type Connection, connect, DeadLetters, Producer, Worker, workQueue } from 'leveret'
import { median } from '../rounds.js'
import { duration } from '../table.js'
import { orderOf, orderSchema } from '../work/order.js'
import type { Findings } from './task.js'

const DELAYS_MS = [1_000, 10_000, 60_000, 300_000]
const contract = workQueue('memory-retries', { payload: orderSchema, retry: { delaysMs: DELAYS_MS } })
const order = orderOf(200)

/** A logger that writes nothing, so that failed attempts are no warnings of the process. */
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** Time of one test, and its CPU time. The second is the same on a busy machine. */
interface Cost {
  readonly ms: number
  readonly cpuMs: number
}

/** Measures a whole test of a task that fails five times over 371 s: from the start of the broker to its end. */
export async function retries(count: number): Promise<Findings> {
  const costs: Cost[] = []
  for (let n = 0; n < count; n += 1) costs.push(await oneTest())
  return [
    ['five attempts over 371 s, the first test of a process', duration(costs[0]?.ms ?? 0)],
    [`five attempts over 371 s, median of ${count} tests`, duration(median(costs.map(({ ms }) => ms)))],
    ['the same, CPU time', duration(median(costs.map(({ cpuMs }) => cpuMs)))],
  ]
}

async function oneTest(): Promise<Cost> {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  await using broker = await startMemoryBroker({ clock: 'virtual' })
  const rabbit = await connect(broker.url, { logger: silent })
  await fiveAttempts(rabbit, () => broker.advance({ seconds: 371 }))
  await rabbit.close()
  broker.assertNothingLeft()
  await broker.close()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - began, cpuMs: (user + system) / 1_000 }
}

async function fiveAttempts(rabbit: Connection, advance: () => Promise<void>): Promise<void> {
  let attempts = 0
  await new Worker(rabbit, contract, () => {
    attempts += 1
    throw new Error('disk full')
  }).start()
  await new Producer(rabbit, contract).send(order)
  await advance()
  const letters = await new DeadLetters(rabbit, contract).count()
  if (attempts !== 5 || letters !== 1) throw new Error(`There were ${attempts} attempts and ${letters} dead letters.`)
}

function nothing(): void {}
