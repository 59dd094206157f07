import { type ConfirmChannel, connect as connectAmqplib } from 'amqplib'
import { connect, Producer } from 'leveret'
import { order } from './order.js'
import type { Contender, Site, Workload } from './work.js'

const amqplib: Contender = {
  client: 'amqplib',
  async open(site) {
    const connection = await connectAmqplib(site.url)
    const channel = await connection.createConfirmChannel()
    return {
      run: async (watch) => {
        watch.start()
        await publishAll(channel, site)
        watch.stop()
      },
      close: () => connection.close(),
    }
  },
}

/** Each confirm begins the next publish. */
function publishAll(channel: ConfirmChannel, { contract, atOnce, messages }: Site): Promise<void> {
  return new Promise((resolve, reject) => {
    let begun = 0
    let confirmed = 0
    const publish = (): void => {
      if (begun === messages) return
      begun += 1
      const content = Buffer.from(JSON.stringify(order))
      // Persistent, as leveret sends: what is not, a classic queue confirms without storing it.
      channel.publish('', contract.name, content, { persistent: true }, (error: unknown) => {
        if (error) return reject(error)
        confirmed += 1
        if (confirmed === messages) resolve()
        else publish()
      })
    }
    for (let slot = 0; slot < atOnce; slot += 1) publish()
  })
}

const leveret: Contender = {
  client: 'leveret',
  async open({ url, contract, atOnce, messages }) {
    const rabbit = await connect(url)
    const producer = new Producer(rabbit, contract)
    return {
      run: async (watch) => {
        let begun = 0
        const slot = async (): Promise<void> => {
          while (begun++ < messages) await producer.send(order)
        }
        watch.start()
        await Promise.all(Array.from({ length: atOnce }, slot))
        watch.stop()
      },
      close: () => rabbit.close(),
    }
  },
}

/** Each message is confirmed; `window` of them are unconfirmed at once. */
export const publish: Workload = {
  title: 'publish: 200 bytes of JSON, each confirmed',
  atOnce: 'window',
  queueBefore: 'empty',
  cases: (['classic', 'quorum'] as const).flatMap((queue) => [
    { queue, atOnce: 1, messages: 1_000 },
    { queue, atOnce: 64, messages: 10_000 },
    { queue, atOnce: 256, messages: 20_000 },
  ]),
  contenders: [amqplib, leveret],
}
