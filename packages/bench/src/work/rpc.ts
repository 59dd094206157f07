import { type ChannelModel, connect as connectAmqplib } from 'amqplib'
import { connect, procedure, RpcClient, RpcServer } from 'leveret'
import { z } from 'zod'
import { type Order, orderSchema } from './order.js'
import { inLoops, inWindow } from './window.js'
import type { Case, Contender, Site, Workload } from './work.js'

const answerSchema = z.object({ orderId: z.uuid() })
type Answer = z.infer<typeof answerSchema>

const amqplib: Contender = {
  client: 'amqplib',
  async open(site) {
    const queue = `${site.contract.name}.amqplib`
    // By default amqplib leaves Nagle's algorithm on, and then one call after the other takes 40 ms each.
    const options = { noDelay: true }
    const [server, client] = [await connectAmqplib(site.url, options), await connectAmqplib(site.url, options)]
    await serve(server, queue, site)
    const call = await callerOf(client, queue)
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
}

async function serve(connection: ChannelModel, name: string, { contract, atOnce }: Site): Promise<void> {
  const channel = await connection.createChannel()
  await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': contract.queue.type } })
  await channel.prefetch(atOnce)
  await channel.consume(name, (message) => {
    if (message === null) throw new Error(`The queue ${name} was deleted.`)
    const { orderId } = JSON.parse(message.content.toString()) as Order
    const { replyTo, correlationId } = message.properties
    channel.sendToQueue(replyTo, Buffer.from(JSON.stringify({ orderId })), { correlationId })
    channel.ack(message)
  })
}

/** Returns a caller that uses direct reply-to, as the broker's documentation says. */
async function callerOf(
  connection: ChannelModel,
  name: string,
): Promise<(order: Order, answered: (answer: Answer) => void) => void> {
  const channel = await connection.createChannel()
  const calls = new Map<string, (answer: Answer) => void>()
  let called = 0
  const take = ({ correlationId, content }: { correlationId: string; content: Buffer }): void => {
    calls.get(correlationId)?.(JSON.parse(content.toString()))
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
    channel.sendToQueue(name, Buffer.from(JSON.stringify(order)), { correlationId, replyTo })
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

function casesOf(queue: Case['queue']): Case[] {
  const one = { queue, bytes: 200, headline: queue === 'classic' }
  return [
    { ...one, atOnce: 1, messages: 2_000, target: { rate: 0.9 } },
    { ...one, atOnce: 64, messages: 6_000, target: { rate: 1 } },
  ]
}

/** Workload: each request is answered; client and server have separate connections, in one process. */
export const rpc: Workload = {
  title: 'rpc: JSON, each request answered by direct reply-to',
  atOnce: 'at once',
  before: 'empty',
  after: 'empty',
  cases: [...casesOf('classic'), ...casesOf('quorum')],
  contenders: [amqplib, leveret],
  peers: [],
}
