import { connect, Producer, Worker, workQueue } from 'leveret'
import type { Stopwatch } from '../stopwatch.js'
import { Tally } from '../tally.js'
import { orderOf, orderSchema } from '../work/order.js'
import type { Task } from './task.js'

/** Sends and works at the same time, over one connection. */
export async function messages({ url, count }: Task, watch: Stopwatch): Promise<number> {
  const rabbit = await connect(url)
  const contract = workQueue(`growth-${count}`, { payload: orderSchema, queue: { type: 'classic' } })
  const producer = new Producer(rabbit, contract)
  const order = orderOf(200)
  const tally = new Tally(count)
  await new Worker(rabbit, contract, () => tally.count(), { concurrency: 250 }).start()
  watch.start()
  await producer.sendAll(
    (function* () {
      for (let n = 0; n < count; n += 1) yield order
    })(),
  )
  await tally.done
  watch.stop()
  return 0
}
