import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { instrument } from '@leveret/opentelemetry'
import { trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { connect, Producer, Publisher, RpcClient, RpcServer, Subscriber, Worker } from 'leveret'
import { mails, packing, price, shop } from './contracts.js'
import { treeOf } from './tree.js'

// One request, and all that follows from it over RabbitMQ, as one trace. It is printed as a tree: no backend is needed.
const exporter = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
instrument()

const silent = { debug() {}, info() {}, warn() {}, error() {} }
await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost', { logger: silent })

const publisher = new Publisher(rabbit, shop)
const worker = new Worker(rabbit, packing, async ({ order }, { attempt }) => {
  if (attempt === 1) throw new Error('the box was too small')
  await publisher.publish(`order.${order}.packed`, { order })
})
const mailer = new Subscriber(rabbit, mails, () => undefined)
const mailed = new Promise((resolve) => mailer.on('delivery.acked', resolve))
const prices = new RpcServer(rabbit, price, ({ order }) => ({ cents: order * 100 }))
await Promise.all([worker.start(), mailer.start(), prices.start()])

const producer = new Producer(rabbit, packing)
const client = new RpcClient(rabbit, price)
const tracer = trace.getTracer('shop')
const server = createServer(async (_request, response) => {
  await tracer.startActiveSpan('POST /orders', async (span) => {
    const { cents } = await client.call({ order: 7 })
    await producer.send({ order: 7 })
    response.end(`${cents} cents\n`)
    span.end()
  })
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST' })
server.close()

await mailed
// Running work is settled then, so all spans have ended.
await rabbit.close()
for (const line of treeOf(exporter.getFinishedSpans())) console.log(line)
