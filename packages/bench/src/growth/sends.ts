import { connect, Producer, PublishError, workQueue } from 'leveret'
import type { Stopwatch } from '../stopwatch.js'
import { Tally } from '../tally.js'
import { orderOf, orderSchema } from '../work/order.js'
import type { Task } from './task.js'

const order = orderOf(200)
const contract = workQueue('growth-sends', { payload: orderSchema, queue: { type: 'classic' } })

/** Sends messages from a source with `sendAll`. */
export async function sendAll({ url, count }: Task, watch: Stopwatch): Promise<number> {
  const producer = new Producer(await connect(url), contract)
  await producer.send(order)
  watch.start()
  const { failed } = await producer.sendAll(
    (function* () {
      for (let n = 0; n < count; n += 1) yield order
    })(),
  )
  watch.stop()
  return failed
}

/** How many calls of `send` a program makes before it gives way to its other work. */
const BURST = 1_000

/** Calls `send` without awaiting it, far faster than the broker takes the messages. */
export async function unawaited({ url, count }: Task, watch: Stopwatch): Promise<number> {
  const producer = new Producer(await connect(url), contract)
  await producer.send(order)
  let refused = 0
  const tally = new Tally(count)
  const fail = (error: unknown): void => {
    if (!(error instanceof PublishError && error.outcome === 'not-sent')) throw error
    refused += 1
    tally.count()
  }
  watch.start()
  for (let n = 0; n < count; n += 1) {
    if (n % BURST === 0) await new Promise(setImmediate)
    producer.send(order).then(() => tally.count(), fail)
  }
  await tally.done
  watch.stop()
  return refused
}
