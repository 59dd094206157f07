import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, Producer, Worker, workQueue } from 'leveret'
import { Tally } from '../tally.js'
import { orderOf, orderSchema } from '../work/order.js'
import { inLoops } from '../work/window.js'
import { Coverage } from './coverage.js'
import type { Task } from './task.js'

/** How many messages go first, so that what runs once is not counted. */
const WARM_UP = 200
const PREFETCH = 50

const order = orderOf(200)
const contract = workQueue('steps', { payload: orderSchema, queue: { type: 'classic' } })

const kinds: Record<Task['kind'], (task: Task) => Promise<string[]>> = { send, deliver }

async function send({ url, messages }: Task): Promise<string[]> {
  const producer = new Producer(await connect(url), contract)
  const sendOne = (): Promise<unknown> => producer.send(order)
  await inLoops({ messages: WARM_UP, atOnce: 1 }, sendOne)
  const coverage = new Coverage()
  await coverage.start()
  await inLoops({ messages, atOnce: 1 }, sendOne)
  return await coverage.stop(messages)
}

async function deliver({ url, messages }: Task): Promise<string[]> {
  const total = WARM_UP + messages
  await new Producer(await connect(url), contract).sendAll(Array.from({ length: total }, () => order))
  const coverage = new Coverage()
  const tally = new Tally(total)
  let delivered = 0
  let started: Promise<void> | undefined
  const handle = async (): Promise<void> => {
    delivered += 1
    if (delivered === WARM_UP) started = coverage.start()
    await (started ?? nextTurn())
    tally.count()
  }
  await new Worker(await connect(url), contract, handle, { concurrency: PREFETCH }).start()
  await tally.done
  return await coverage.stop(messages)
}

const task = JSON.parse(process.argv[2] ?? '') as Task
console.log(JSON.stringify(await kinds[task.kind](task)))
process.exit(0)
