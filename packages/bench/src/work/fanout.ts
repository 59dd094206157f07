import { connect as connectAmqplib } from 'amqplib'
import { connect, fanoutExchange, Publisher, Subscriber } from 'leveret'
import { type Check, parsed, unchecked } from '../clients/amqplib.js'
import type { Stopwatch } from '../stopwatch.js'
import { Tally } from '../tally.js'
import { orderSchema } from './order.js'
import { lines } from './payload.js'
import { inWindow } from './window.js'
import type { Contender, Site, Workload } from './work.js'

/** How many queues get each message. */
const LISTENERS = 10
/** How many deliveries of each queue may be unacknowledged. */
const PREFETCH = 50

/** All listeners of a run. */
class Audience {
  #tally = new Tally(0)

  /** Publishes, and waits until every listener has every message. */
  async hear(
    { messages, atOnce }: Site,
    watch: Stopwatch,
    publish: (settled: (error?: unknown) => void) => void,
  ): Promise<void> {
    this.#tally = new Tally(messages * LISTENERS)
    watch.start()
    await inWindow({ messages, atOnce }, publish)
    await this.#tally.done
    watch.stop()
  }

  delivered(): void {
    this.#tally.count()
  }
}

const amqplibContender = (client: string, check: Check): Contender => ({
  client,
  async open(site) {
    const exchange = `${site.contract.name}.${client}`
    const audience = new Audience()
    const connection = await connectAmqplib(site.url)
    const publishing = await connection.createConfirmChannel()
    await publishing.assertExchange(exchange, 'fanout')
    for (let listener = 0; listener < LISTENERS; listener += 1) {
      const channel = await connection.createChannel()
      const { queue } = await channel.assertQueue('', { exclusive: true })
      await channel.bindQueue(queue, exchange, '')
      await channel.prefetch(PREFETCH)
      await channel.consume(queue, (message) => {
        if (message === null) throw new Error(`The queue ${queue} was deleted.`)
        check(JSON.parse(message.content.toString()))
        channel.ack(message)
        audience.delivered()
      })
    }
    const publish = (settled: (error?: unknown) => void): void => {
      publishing.publish(exchange, '', Buffer.from(JSON.stringify(check(site.order))), { persistent: true }, settled)
    }
    return {
      run: async (watch) => await audience.hear(site, watch, publish),
      close: () => connection.close(),
    }
  },
})

const leveret: Contender = {
  client: 'leveret',
  async open(site) {
    const exchange = fanoutExchange(`${site.contract.name}.leveret`, { payload: orderSchema })
    const audience = new Audience()
    const rabbit = await connect(site.url)
    for (let listener = 0; listener < LISTENERS; listener += 1) {
      await new Subscriber(rabbit, exchange, () => audience.delivered(), { concurrency: PREFETCH }).start()
    }
    const publisher = new Publisher(rabbit, exchange)
    return {
      run: async (watch) =>
        await audience.hear(site, watch, (settled) => publisher.publish(site.order).then(() => settled(), settled)),
      close: () => rabbit.close(),
    }
  },
}

const one = { queue: 'classic', atOnce: 64, headline: true } as const

/**
 * Workload: each message is confirmed, and acknowledged by every listener. The figures count messages, not deliveries.
 */
export const fanout: Workload = {
  title: `fanout: JSON, each message to ${LISTENERS} ephemeral queues, a prefetch of ${PREFETCH} each; deliveries are ${LISTENERS} times as many`,
  atOnce: 'window',
  before: 'empty',
  after: 'empty',
  cases: [
    { ...one, payload: lines(3), messages: 2_000, targets: [{ cpu: 1 }] },
    { ...one, payload: lines(60), messages: 500 },
  ],
  contenders: [amqplibContender('amqplib', unchecked), amqplibContender('amqplib + zod', parsed), leveret],
  peers: [],
}
