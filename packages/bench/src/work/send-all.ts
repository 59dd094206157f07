import { connect, Producer } from 'leveret'
import { amqplib } from '../clients/amqplib.js'
import type { Order } from './order.js'
import { note } from './payload.js'
import { publishing } from './publish.js'
import type { Contender, Workload } from './work.js'

const sending: Contender = {
  client: 'leveret',
  async open({ url, contract, messages, order }) {
    const rabbit = await connect(url)
    const producer = new Producer(rabbit, contract)
    return {
      run: async (watch) => {
        watch.start()
        await producer.sendAll(repeated(order, messages))
        watch.stop()
      },
      close: () => rabbit.close(),
    }
  },
}

/** Yields messages one at a time, as a source of any length would. */
function* repeated(order: Order, times: number): Generator<Order> {
  for (let n = 0; n < times; n += 1) yield order
}

/** Workload: a million messages from one source, compared with amqplib's window of the same width. */
export const sendAll: Workload = {
  title: 'send-all: JSON, one source of messages, each confirmed',
  atOnce: 'window',
  before: 'empty',
  after: 'full',
  cases: [{ queue: 'classic', payload: note(200), atOnce: 1_000, messages: 1_000_000, headline: true }],
  contenders: [publishing(amqplib), sending],
  peers: [],
  mostRounds: 1,
}
