import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, type Delivery, Producer, Worker } from 'leveret'
import { deadThumbnails, thumbnails } from './thumbnails.js'

const TASKS = 60
const WORKERS = ['ann', 'bob', 'cid']
const GAP_MS = 50

/** What the demo shows in the end. Every task sent is in exactly one of `handled` and `deadLettered`, or lost. */
export interface JobResult {
  readonly confirmed: number
  /** Tasks done, by the worker that did them. */
  readonly handled: ReadonlyMap<string, number>
  readonly retried: number
  readonly deadLettered: readonly { readonly image: string; readonly reason: string }[]
  /** Done a second time, because the broker could not know that they were done. */
  readonly again: number
  readonly lost: number
}

/** Sends the tasks, works on them with several workers, and waits until each has come to an end. */
export async function runJob(rabbit: Connection): Promise<JobResult> {
  const run = randomUUID()
  const open = new Set<string>()
  const handled = new Map<string, number>()
  const deadLettered: { image: string; reason: string }[] = []
  const seen = new Set<string>()
  let retried = 0
  let again = 0

  for (const name of WORKERS) {
    const worker = new Worker(rabbit, thumbnails, async (task, delivery) => await render(name, task, delivery), {
      concurrency: 4,
    })
    worker.on('delivery.acked', ({ messageId = '' }) => {
      if (seen.has(messageId)) again += 1
      seen.add(messageId)
      if (open.delete(messageId)) handled.set(name, (handled.get(name) ?? 0) + 1)
    })
    worker.on('delivery.retried', ({ attempt, afterMs, failure }) => {
      retried += 1
      console.log(`  ${name}: attempt ${attempt} failed (${failure.message}), again in ${afterMs} ms`)
    })
    worker.on('delivery.dead-lettered', ({ attempt, reason }) => {
      console.log(`  ${name}: gave up after attempt ${attempt} (${reason})`)
    })
    await worker.start()
  }

  const undertaker = new Worker(rabbit, deadThumbnails, (task, { messageId = '', headers }) => {
    if (task.run !== run || !open.delete(messageId)) return
    deadLettered.push({ image: task.image, reason: String(headers['leveret-error-message']) })
  })
  await undertaker.start()

  await sendAll(rabbit, run, open)
  await settled(open)
  return { confirmed: TASKS, handled, retried, deadLettered, again, lost: open.size }
}

/** Sends the tasks one after the other, each noted as open before. */
async function sendAll(rabbit: Connection, run: string, open: Set<string>): Promise<void> {
  const producer = new Producer(rabbit, thumbnails)
  console.log(`\n${WORKERS.length} workers wait. Sending ${TASKS} tasks, each confirmed by the broker …`)
  for (let number = 1; number <= TASKS; number += 1) {
    const messageId = randomUUID()
    open.add(messageId)
    await producer.send({ run, image: imageOf(number), widthPx: 320 }, { messageId })
    await sleep(GAP_MS)
  }
}

/** Pretends to. One image fails once, and one can never be rendered. */
async function render(
  worker: string,
  { image, widthPx }: { image: string; widthPx: number },
  { attempt, signal }: Delivery,
) {
  if (image === 'corrupt.png') throw new Error(`${image} is not an image`)
  if (image === 'flaky.png' && attempt === 1) throw new Error('the disk is busy')
  await sleep(100 + Math.random() * 200, undefined, { signal })
  console.log(`  ${worker}: ${image} at ${widthPx} px${attempt === 1 ? '' : `, attempt ${attempt}`}`)
}

function imageOf(number: number): string {
  if (number === 7) return 'flaky.png'
  return number === 11 ? 'corrupt.png' : `image-${String(number).padStart(2, '0')}.png`
}

/** Until every task has come to an end, or nothing has for a while: then the rest is lost, and the table says so. */
async function settled(open: ReadonlySet<string>): Promise<void> {
  const patienceMs = 60_000
  for (let waitedMs = 0, left = open.size; open.size > 0 && waitedMs < patienceMs; waitedMs += GAP_MS) {
    await sleep(GAP_MS)
    if (open.size < left) waitedMs = 0
    left = open.size
  }
}
