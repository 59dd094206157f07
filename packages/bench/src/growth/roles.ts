import { connect, Producer, Worker, workQueue } from 'leveret'
import type { Stopwatch } from '../stopwatch.js'
import { Tally } from '../tally.js'
import { orderOf, orderSchema } from '../work/order.js'
import type { Task } from './task.js'

/** How many messages there are in all, whatever the number of roles. */
const MESSAGES = 20_000
const AT_ONCE = 250

/**
 * Divides the same messages among `count` producers and as many workers on one connection. Each pair has its own queue.
 */
export async function roles({ url, count }: Task, watch: Stopwatch): Promise<number> {
  const rabbit = await connect(url)
  const order = orderOf(200)
  const tally = new Tally(MESSAGES)
  const producers: { send(): Promise<unknown> }[] = []
  for (let n = 0; n < count; n += 1) {
    const options = { payload: orderSchema, queue: { type: 'classic' }, retry: false, deadLetter: false } as const
    const contract = workQueue(`growth-role-${count}-${n}`, options)
    await new Worker(rabbit, contract, () => tally.count()).start()
    const producer = new Producer(rabbit, contract)
    producers.push({ send: async () => await producer.send(order) })
  }
  let begun = 0
  const slot = async (): Promise<void> => {
    while (begun < MESSAGES) await producers[begun++ % count]?.send()
  }
  watch.start()
  await Promise.all(Array.from({ length: AT_ONCE }, slot))
  await tally.done
  watch.stop()
  return 0
}

/** How many messages the figures of `roles` refer to. */
export const ROLE_MESSAGES = MESSAGES
