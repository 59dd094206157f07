import { connect as connectAmqplib } from 'amqplib'
import { connect, Worker } from 'leveret'
import type { Stopwatch } from '../stopwatch.js'
import type { Contender, Workload } from './work.js'

/** Counts deliveries, and the time from the first to the last. */
class Countdown {
  readonly done: Promise<void>
  readonly #watch: Stopwatch
  readonly #messages: number
  #left: number
  #finish: () => void = () => undefined

  constructor(messages: number, watch: Stopwatch) {
    this.#messages = messages
    this.#left = messages
    this.#watch = watch
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  delivered(): void {
    if (this.#left === this.#messages) this.#watch.start()
    this.#left -= 1
    if (this.#left > 0) return
    // The last ack is written in this turn of the event loop, by some before this call and by some after it.
    setImmediate(() => {
      this.#watch.stop()
      this.#finish()
    })
  }
}

const amqplib: Contender = {
  client: 'amqplib',
  async open({ url, contract, atOnce, messages }) {
    const connection = await connectAmqplib(url)
    return {
      run: async (watch) => {
        const countdown = new Countdown(messages, watch)
        const channel = await connection.createChannel()
        await channel.prefetch(atOnce)
        const { consumerTag } = await channel.consume(contract.name, (message) => {
          if (message === null) throw new Error(`The queue ${contract.name} was deleted.`)
          JSON.parse(message.content.toString())
          channel.ack(message)
          countdown.delivered()
        })
        await countdown.done
        // A quorum queue forgets acks that are still on their way to it when a channel closes, but not at a cancel.
        await channel.cancel(consumerTag)
        await channel.close()
      },
      close: () => connection.close(),
    }
  },
}

const leveret: Contender = {
  client: 'leveret',
  async open({ url, contract, atOnce, messages }) {
    const rabbit = await connect(url)
    return {
      run: async (watch) => {
        const countdown = new Countdown(messages, watch)
        await using worker = new Worker(rabbit, contract, () => countdown.delivered(), { concurrency: atOnce })
        await worker.start()
        await countdown.done
      },
      close: () => rabbit.close(),
    }
  },
}

/** Each message is parsed and acknowledged by itself; `prefetch` of them are unacknowledged at once. */
export const consume: Workload = {
  title: 'consume: 200 bytes of JSON, each acknowledged',
  atOnce: 'prefetch',
  queueBefore: 'full',
  cases: (['classic', 'quorum'] as const).flatMap((queue) => [
    { queue, atOnce: 10, messages: 10_000 },
    { queue, atOnce: 250, messages: 20_000 },
  ]),
  contenders: [amqplib, leveret],
}
