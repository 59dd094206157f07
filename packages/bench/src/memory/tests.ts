import { setTimeout as delay } from 'node:timers/promises'
import { startMemoryBroker } from '@leveret/testing'
import { connect, Producer, Worker, workQueue } from 'leveret'
import { collectGarbage } from '../garbage.js'
import { Tally } from '../tally.js'
import { orderOf, orderSchema } from '../work/order.js'
import type { Findings } from './task.js'

const MIB = 1024 * 1024
const LOOKS = 10
/** What closed sockets still hold is free after this time. */
const REST_MS = 100

const contract = workQueue('memory-tests', { payload: orderSchema })
const order = orderOf(200)

/** Runs tests one after the other, each with a broker of its own, and looks at the heap ten times on the way. */
export async function tests(count: number): Promise<Findings> {
  const findings: [string, string][] = []
  const every = Math.max(1, Math.floor(count / LOOKS))
  for (let done = 1; done <= count; done += 1) {
    await oneTest()
    if (done % every !== 0) continue
    await delay(REST_MS)
    collectGarbage()
    const { heapUsed } = process.memoryUsage()
    findings.push([`heap after ${done.toLocaleString('en-US')} tests, MiB`, (heapUsed / MIB).toFixed(1)])
  }
  return findings
}

async function oneTest(): Promise<void> {
  await using broker = await startMemoryBroker({ clock: 'virtual' })
  const rabbit = await connect(broker.url)
  const handled = new Tally(1)
  await new Worker(rabbit, contract, () => handled.count()).start()
  await new Producer(rabbit, contract).send(order)
  await handled.done
  await rabbit.close()
  await broker.settled()
  broker.assertNothingLeft()
}
