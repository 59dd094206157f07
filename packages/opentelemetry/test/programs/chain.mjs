// A request that sends a task, whose worker publishes an event, which a subscriber gets. Prints the spans of it as JSON.

import { trace } from '@opentelemetry/api'
import { z } from 'zod'
import { spans } from './tracers.mjs'

const { connect, Producer, Publisher, Subscriber, subscription, topicExchange, Worker, workQueue } = await import(
  'leveret'
)
const lines = []
const at = (level) => (_fields, message) => void lines.push(`${level} ${message}`)
const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
const rabbit = await connect(process.env.RABBITMQ_URL, { logger })

const tasks = workQueue('tasks', { payload: z.object({ text: z.string() }) })
const shop = topicExchange('shop', { 'task.*.done': z.object({ bytes: z.int() }) })
const done = subscription('listener', { of: shop, bindingKeys: ['task.#'] })
let ended = 0
let all = () => undefined
const allEnded = new Promise((resolve) => {
  all = resolve
})
const publisher = new Publisher(rabbit, shop)
const worker = new Worker(rabbit, tasks, async ({ text }) => {
  await publisher.publish('task.1.done', { bytes: text.length }, text === 'nested' ? { headers: { a: { b: 1 } } } : {})
})
const listener = new Subscriber(rabbit, done, () => {
  ended += 1
  if (ended === 3) all()
})
await Promise.all([worker.start(), listener.start()])
const producer = new Producer(rabbit, tasks)
const tracer = trace.getTracer('test')
for (const [name, text, options] of [
  ['10 B', 'x'.repeat(10), {}],
  ['20 KiB', 'x'.repeat(20 * 1024), {}],
  ['nested', 'nested', { headers: { tenant: { name: 'acme' } } }],
]) {
  await tracer.startActiveSpan(`POST ${name}`, async (span) => {
    await producer.send({ text }, options)
    span.end()
  })
}
await allEnded
await rabbit.close()
console.log(JSON.stringify({ spans: spans(), lines }))
