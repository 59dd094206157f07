// RabbitMQ's JavaScript tutorials 1, 2 and 6, written anew on plain amqplib: what a program that knows nothing of leveret does.
// Usage: node amqplib.mjs send|receive|new-task|worker|rpc-client|rpc-server [text]
import { randomUUID } from 'node:crypto'
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

async function answer(queue) {
  await channel.assertQueue(queue, quorum)
  await channel.prefetch(1)
  await channel.consume(queue, (message) => {
    const { replyTo, correlationId } = message.properties
    channel.sendToQueue(replyTo, Buffer.from(String(fib(Number(message.content.toString())))), { correlationId })
    channel.ack(message)
  })
  console.log(' [x] Awaiting RPC requests')
}

function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2)
}

async function ask(queue, n) {
  const { queue: replyTo } = await channel.assertQueue('', { exclusive: true })
  const correlationId = randomUUID()
  const onReply = async ({ properties, content }) => {
    if (properties.correlationId !== correlationId) return
    console.log(` [.] Got ${content.toString()}`)
    await connection.close()
  }
  await channel.consume(replyTo, onReply, { noAck: true })
  channel.sendToQueue(queue, Buffer.from(n), { correlationId, replyTo })
}

if (program === 'send') await put('hello', 'Hello World!')
else if (program === 'receive') await take('hello')
else if (program === 'new-task') await put('task_queue', words.join(' '))
else if (program === 'worker') await take('task_queue')
else if (program === 'rpc-server') await answer('rpc_queue')
else if (program === 'rpc-client') await ask('rpc_queue', words[0] ?? '30')
else throw new Error(`no such program: ${program}`)
