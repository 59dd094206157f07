import { connect, Producer, Worker, workQueue } from 'leveret'
import { Tally } from '../tally.js'
import { orderOf, orderSchema } from '../work/order.js'
import { inLoops } from '../work/window.js'
import { Meter } from './meter.js'
import type { Task } from './task.js'

/** Until the code that runs is the code that will run. */
const WARM_UP = 5_000
const WINDOW = 256
const PREFETCH = 50

const order = orderOf(200)
const contract = workQueue('allocation', { payload: orderSchema, queue: { type: 'classic' } })

const kinds: Record<Task['kind'], (task: Task) => Promise<number>> = { publish, deliver, waiting }

async function publish({ url, messages }: Task): Promise<number> {
  const producer = new Producer(await connect(url), contract)
  const send = (): Promise<unknown> => producer.send(order)
  await inLoops({ messages: WARM_UP, atOnce: WINDOW }, send)
  const meter = new Meter()
  meter.start()
  await inLoops({ messages, atOnce: WINDOW }, send)
  return meter.stop() / messages
}

async function deliver({ url, messages }: Task): Promise<number> {
  const rabbit = await connect(url)
  await new Producer(rabbit, contract).sendAll(Array.from({ length: WARM_UP + messages + PREFETCH }, () => order))
  const meter = new Meter()
  let delivered = 0
  const tally = new Tally(WARM_UP + messages)
  const handle = (): void => {
    delivered += 1
    if (delivered === WARM_UP) meter.start()
    tally.count()
  }
  await new Worker(rabbit, contract, handle, { concurrency: PREFETCH }).start()
  await tally.done
  return meter.stop() / messages
}

async function waiting({ url, messages }: Task): Promise<number> {
  const rabbit = await connect(url, { maxInFlight: 65_535, maxQueued: 1_000_000, maxQueuedBytes: 2 ** 30 })
  const producer = new Producer(rabbit, contract)
  await inLoops({ messages: WARM_UP, atOnce: WINDOW }, () => producer.send(order))
  const tally = new Tally(messages)
  const settled = (): void => tally.count()
  const fail = (error: unknown): never => {
    throw error
  }
  const meter = new Meter()
  meter.start()
  for (let n = 0; n < messages; n += 1) producer.send(order).then(settled, fail)
  await tally.done
  return meter.stop() / messages
}

const task = JSON.parse(process.argv[2] ?? '') as Task
console.log(await kinds[task.kind](task))
process.exit(0)
