import { connect as connectRaw } from 'amqplib'
import { connect, DeadLetters, type LetterFilter } from 'leveret'
import { Stopwatch } from '../stopwatch.js'
import { Tally } from '../tally.js'
import { contract, LETTERS } from './stock.js'
import type { Task } from './task.js'

/** How many deliveries may be unacknowledged, in a consumer written by hand. */
const PREFETCH = 256

/**
 * Kinds of work of this program. It runs in a separate process, because the remains of other measurements would hide
 * its growth.
 */
const kinds: Record<Task['kind'], (task: Task, watch: Stopwatch) => Promise<void>> = {
  'by hand': byHand,
  replay: async (task, watch) => await replay(task, watch, undefined),
  'replay of a tenth': async (task, watch) => {
    let asked = 0
    await replay(task, watch, () => {
      asked += 1
      return asked % 10 === 0
    })
  },
  'peek of one': peek,
}

/** Copies each letter to the work queue, waits for the confirm and acks the letter, without any check. */
async function byHand({ url, letters }: Task, watch: Stopwatch): Promise<void> {
  const [consuming, publishing] = [await connectRaw(url), await connectRaw(url)]
  const [channel, copies] = [await consuming.createChannel(), await publishing.createConfirmChannel()]
  const tally = new Tally(letters)
  watch.start()
  await channel.prefetch(PREFETCH)
  const { consumerTag } = await channel.consume(LETTERS, (letter) => {
    if (letter === null) throw new Error(`The queue ${LETTERS} was deleted.`)
    copies.sendToQueue(contract.name, letter.content, { ...letter.properties, persistent: true } as object, (error) => {
      if (error) throw error
      channel.ack(letter)
      tally.count()
    })
  })
  await tally.done
  // A quorum queue loses acks that are still on their way when a channel closes, but not at a cancel.
  await channel.cancel(consumerTag)
  watch.stop()
}

async function replay(
  { url }: Task,
  watch: Stopwatch,
  filter: LetterFilter<typeof contract> | undefined,
): Promise<void> {
  const letters = new DeadLetters(await connect(url), contract)
  watch.start()
  await letters.replay(filter === undefined ? {} : { filter })
  watch.stop()
}

/** Peeks twice, because the second peek finds the letters that the first one requeued. */
async function peek({ url }: Task, watch: Stopwatch): Promise<void> {
  const letters = new DeadLetters(await connect(url), contract)
  watch.start()
  for (const limit of [1_000, 1]) await letters.peek({ limit })
  watch.stop()
}

const task = JSON.parse(process.argv[2] ?? '') as Task
const watch = new Stopwatch()
await kinds[task.kind](task, watch)
console.log(JSON.stringify(watch.cost))
process.exit(0)
