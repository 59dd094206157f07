// Counts how often amqplib's own publish is called, by code that leaves no mark on the function. Prints it as JSON.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'

const require = createRequire(new URL('../../../leveret/dist/index.js', import.meta.url))
const { Channel } = require(join(dirname(require.resolve('amqplib')), 'lib/channel_model.js'))
let published = 0
const { publish } = Channel.prototype
Channel.prototype.publish = function (...given) {
  published += 1
  return publish.apply(this, given)
}

const { connect, Producer, workQueue } = await import('leveret')
const rabbit = await connect(process.env.RABBITMQ_URL)
const producer = new Producer(rabbit, workQueue('tasks', { payload: z.int() }))
for (const n of [1, 2, 3]) await producer.send(n)
await rabbit.close()
console.log(JSON.stringify({ spans: [], lines: [`amqplib published ${published}`] }))
