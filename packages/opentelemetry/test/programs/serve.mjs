// What web.mjs and back-office.mjs share: tracing, the connection and the contracts. Sends its spans when it is asked for them.
import { z } from 'zod'
import { spans } from './tracers.mjs'

/** Connects, starts a service, and answers the test from then on. @returns what the service says of itself */
export async function serve(start) {
  const { connect, procedure, stream, subscription, topicExchange, workQueue } = await import('leveret')
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const rabbit = await connect(process.env.RABBITMQ_URL, { logger: silent })
  const payload = z.object({ text: z.string() })
  const number = z.object({ n: z.int() })
  const shop = topicExchange('shop', { 'order.*.placed': number, 'task.*.done': number })
  process.on('message', (asked) => {
    if (asked === 'spans') process.send({ spans: spans() })
    else rabbit.close().then(() => process.exit(0))
  })
  return await start({
    rabbit,
    tasks: workQueue('tasks', { payload }),
    batched: workQueue('batched', { payload }),
    shop,
    done: subscription('done', { of: shop, bindingKeys: ['task.#'] }),
    history: stream('history', { of: shop, bindingKeys: ['order.#'] }),
    price: procedure('price', { request: number, response: number }),
  })
}
