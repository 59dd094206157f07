import { type ChannelModel, connect as connectAmqplib } from 'amqplib'
import { connect, procedure, RpcClient, RpcServer } from 'leveret'
import { z } from 'zod'
import { type Check, parsed, unchecked } from '../clients/amqplib.js'
import { type Order, orderSchema } from './order.js'
import { lines } from './payload.js'
import { inLoops, inWindow } from './window.js'
import type { Contender, Site, Workload } from './work.js'

const answerSchema = z.object({ orderId: z.uuid() })
type Answer = z.infer<typeof answerSchema>

/** A way to use amqplib: how each side validates what it sends and what it receives. */
interface Way {
  readonly client: string
  readonly order: Check
  readonly answer: (value: unknown) => Answer
}

const amqplibContender = (way: Way): Contender => ({
  client: way.client,
  async open(site) {
    const queue = `${site.contract.name}.${way.client}`
    // By default amqplib leaves Nagle's algorithm on, and then one call after the other takes 40 ms each.
    const options = { noDelay: true }
    const [server, client] = [await connectAmqplib(site.url, options), await connectAmqplib(site.url, options)]
    await serve(server, { ...way, queue }, site)
    const call = await callerOf(client, { ...way, queue })
    return {
      run: async (watch) => {
        watch.start()
        await inWindow(site, (settled) => call(site.order, () => settled()))
        watch.stop()
      },
      close: async () => {
        await client.close()
        await server.close()
      },
    }
  },
})

interface Endpoint extends Way {
  readonly queue: string
}

async function serve(connection: ChannelModel, endpoint: Endpoint, { contract, atOnce }: Site): Promise<void> {
  const { queue, order, answer } = endpoint
  const channel = await connection.createChannel()
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': contract.queue.type } })
  await channel.prefetch(atOnce)
  await channel.consume(queue, (message) => {
    if (message === null) throw new Error(`The queue ${queue} was deleted.`)
    const { orderId } = order(JSON.parse(message.content.toString()))
    const { replyTo, correlationId } = message.properties
    channel.sendToQueue(replyTo, Buffer.from(JSON.stringify(answer({ orderId }))), { correlationId })
    channel.ack(message)
  })
}

/** Returns a caller that uses direct reply-to, as the broker's documentation says. */
async function callerOf(
  connection: ChannelModel,
  { queue, order: check, answer: checkAnswer }: Endpoint,
): Promise<(order: Order, answered: (answer: Answer) => void) => void> {
  const channel = await connection.createChannel()
  const calls = new Map<string, (answer: Answer) => void>()
  let called = 0
  const take = ({ correlationId, content }: { correlationId: string; content: Buffer }): void => {
    calls.get(correlationId)?.(checkAnswer(JSON.parse(content.toString())))
    calls.delete(correlationId)
  }
  const replyTo = 'amq.rabbitmq.reply-to'
  await channel.consume(
    replyTo,
    (message) => message && take({ correlationId: message.properties.correlationId, content: message.content }),
    { noAck: true },
  )
  return (order, answered) => {
    called += 1
    const correlationId = String(called)
    calls.set(correlationId, answered)
    channel.sendToQueue(queue, Buffer.from(JSON.stringify(check(order))), { correlationId, replyTo })
  }
}

const leveret: Contender = {
  client: 'leveret',
  async open(site) {
    const { url, contract, atOnce, order } = site
    const asked = procedure(`${contract.name}.leveret`, {
      request: orderSchema,
      response: answerSchema,
      queue: { type: contract.queue.type },
    })
    const [server, rabbit] = [await connect(url), await connect(url)]
    await new RpcServer(server, asked, ({ orderId }) => ({ orderId }), { concurrency: atOnce }).start()
    const client = new RpcClient(rabbit, asked)
    return {
      run: async (watch) => {
        watch.start()
        await inLoops(site, () => client.call(order))
        watch.stop()
      },
      close: async () => {
        await rabbit.close()
        await server.close()
      },
    }
  },
}

const classic = { queue: 'classic', headline: true } as const

/** Workload: each request is answered; client and server have separate connections, in one process. */
export const rpc: Workload = {
  title: 'rpc: JSON, each request answered by direct reply-to',
  atOnce: 'at once',
  before: 'empty',
  after: 'empty',
  cases: [
    { ...classic, payload: lines(3), atOnce: 1, messages: 2_000, targets: [{ rate: 0.95 }] },
    { ...classic, payload: lines(3), atOnce: 64, messages: 6_000, targets: [{ rate: 1.1 }] },
    { ...classic, payload: lines(60), atOnce: 64, messages: 2_000 },
    { queue: 'quorum', payload: lines(3), atOnce: 64, messages: 6_000 },
  ],
  contenders: [
    amqplibContender({ client: 'amqplib noDelay', order: unchecked, answer: (value) => value as Answer }),
    amqplibContender({
      client: 'amqplib noDelay + zod',
      order: parsed,
      answer: (value) => answerSchema.parse(value),
    }),
    leveret,
  ],
  peers: [],
}
