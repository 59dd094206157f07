import { startMemoryBroker } from '@leveret/testing'
import { connect, Producer, workQueue } from 'leveret'
import { Stopwatch } from '../stopwatch.js'
import { figure } from '../table.js'
import { orderOf, orderSchema } from '../work/order.js'
import { inLoops } from '../work/window.js'
import type { Findings } from './task.js'

const AT_ONCE = 256

const contract = workQueue('memory-publishes', { payload: orderSchema })
const order = orderOf(200)

/** Measures confirmed publishes to a broker in the same process, and counts what the queue holds after them. */
export async function publishes(count: number): Promise<Findings> {
  await using broker = await startMemoryBroker()
  await using rabbit = await connect(broker.url)
  const producer = new Producer(rabbit, contract)
  await producer.send(order)
  const watch = new Stopwatch()
  watch.start()
  await inLoops({ messages: count, atOnce: AT_ONCE }, async () => void (await producer.send(order)))
  watch.stop()
  const held = broker.messages('memory-publishes').length - 1
  if (held !== count) throw new Error(`The queue holds ${held} of ${count} messages.`)
  return [[`${count.toLocaleString('en-US')} confirmed publishes, a second`, figure(count / watch.cost.seconds)]]
}
