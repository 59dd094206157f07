// RabbitMQ's JavaScript tutorials 1 and 2, written anew on plain amqplib: what a program that knows nothing of leveret does.
// Usage: node amqplib.mjs send|receive|new-task|worker [text]
import { connect } from 'amqplib'

const [program, ...words] = process.argv.slice(2)
const classic = process.env.TUTORIAL_QUEUES === 'classic'
const quorum = { durable: true, arguments: { 'x-queue-type': 'quorum' } }
const queues = { hello: classic ? { durable: false } : quorum, task_queue: classic ? { durable: true } : quorum }

const connection = await connect(process.env.RABBITMQ_URL)
const channel = await connection.createConfirmChannel()

async function put(queue, text) {
  await channel.assertQueue(queue, queues[queue])
  channel.sendToQueue(queue, Buffer.from(text), { persistent: true })
  await channel.waitForConfirms()
  console.log(` [x] Sent ${text}`)
  await connection.close()
}

async function take(queue) {
  await channel.assertQueue(queue, queues[queue])
  await channel.prefetch(1)
  await channel.consume(queue, (message) => {
    console.log(` [x] Received ${message.content.toString()}`)
    channel.ack(message)
  })
  console.log(' [*] Waiting')
}

if (program === 'send') await put('hello', 'Hello World!')
else if (program === 'receive') await take('hello')
else if (program === 'new-task') await put('task_queue', words.join(' '))
else if (program === 'worker') await take('task_queue')
else throw new Error(`no such program: ${program}`)
