import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, Producer, procedure, RpcClient, RpcServer, Worker, workQueue } from 'leveret'
import { Tally } from '../tally.js'
import { orderOf, orderSchema } from '../work/order.js'
import { inLoops } from '../work/window.js'
import { Meter, type Taken } from './meter.js'
import type { Task } from './task.js'

/** How many messages go first, until the code is optimized. */
const WARM_UP = 5_000
const WINDOW = 256
const PREFETCH = 50

const order = orderOf(200)
const contract = workQueue('allocation', { payload: orderSchema, queue: { type: 'classic' } })

const kinds: Record<Task['kind'], (task: Task) => Promise<Taken>> = {
  publish,
  deliver: (task) => deliver(task, () => undefined),
  handle: (task) => deliver(task, nextTurn),
  call,
  waiting,
}

async function publish({ url, messages }: Task): Promise<Taken> {
  const producer = new Producer(await connect(url), contract)
  return await measured(messages, () => producer.send(order))
}

async function call({ url, messages }: Task): Promise<Taken> {
  const answer = procedure('allocation.call', { request: orderSchema, response: orderSchema })
  await new RpcServer(await connect(url), answer, (request) => request, { concurrency: PREFETCH }).start()
  const client = new RpcClient(await connect(url), answer)
  return await measured(messages, () => client.call(order), PREFETCH)
}

async function measured(messages: number, act: () => Promise<unknown>, atOnce = WINDOW): Promise<Taken> {
  await inLoops({ messages: WARM_UP, atOnce }, act)
  const meter = new Meter()
  meter.start()
  await inLoops({ messages, atOnce }, act)
  return meter.stop()
}

async function deliver({ url, messages }: Task, handle: () => unknown): Promise<Taken> {
  const rabbit = await connect(url)
  await new Producer(rabbit, contract).sendAll(Array.from({ length: WARM_UP + messages + PREFETCH }, () => order))
  const meter = new Meter()
  let delivered = 0
  const tally = new Tally(WARM_UP + messages)
  const handler = (): unknown => {
    delivered += 1
    if (delivered === WARM_UP) meter.start()
    tally.count()
    return handle()
  }
  await new Worker(rabbit, contract, handler, { concurrency: PREFETCH }).start()
  await tally.done
  return meter.stop()
}

async function waiting({ url, messages }: Task): Promise<Taken> {
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
  return meter.stop()
}

const task = JSON.parse(process.argv[2] ?? '') as Task
console.log(JSON.stringify(await kinds[task.kind](task)))
process.exit(0)
