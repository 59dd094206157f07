import { type Connection, Producer, Worker, workQueue } from 'leveret'
import { z } from 'zod'

const contract = workQueue('churn', {
  payload: z.object({ n: z.int() }),
  queue: { type: 'classic' },
  retry: false,
  deadLetter: false,
})
const HOURS_MS = 2 * 3_600_000
const PREFETCH = 500

/**
 * Acknowledges `count` deliveries beside one whose handler does not end, and then lets that handler end too.
 *
 * @param measure - called while that handler still runs
 * @throws Error if another number of deliveries was acknowledged
 */
export async function churn(rabbit: Connection, count: number, measure: () => void): Promise<void> {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let [acked, allAcked] = [0, (): void => undefined]
  const enough = new Promise<void>((resolve) => {
    allAcked = resolve
  })
  const handler = ({ n }: { n: number }): Promise<void> | undefined => (n === 0 ? released : undefined)
  const worker = new Worker(rabbit, contract, handler, { concurrency: PREFETCH, handlerTimeoutMs: HOURS_MS })
  worker.on('delivery.acked', () => {
    acked += 1
    if (acked === count) allAcked()
  })
  await worker.start()
  const producer = new Producer(rabbit, contract)
  await producer.sendAll(numbersTo(count))
  await enough
  measure()
  release()
  await worker.close()
  await producer.close()
  if (acked !== count + 1) throw new Error(`Of ${count + 1} deliveries ${acked} were acknowledged.`)
}

function* numbersTo(last: number): Generator<{ n: number }> {
  for (let n = 0; n <= last; n += 1) yield { n }
}
