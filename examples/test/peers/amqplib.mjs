// RabbitMQ's JavaScript tutorials 1 to 6, rewritten on plain amqplib, as programs that do not use leveret.
// Usage: node amqplib.mjs send|receive|new-task|worker [text]
//        node amqplib.mjs emit-log [text] | emit-log-direct severity [text] | emit-log-topic key [text]
//        node amqplib.mjs receive-logs | receive-logs-direct severity… | receive-logs-topic pattern…
//        node amqplib.mjs rpc-client [n] | rpc-server
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
  console.log(` [x] Sent ${queue === 'hello' ? text : `'${text}'`}`)
  await connection.close()
}

async function take(queue) {
  await channel.assertQueue(queue, queues[queue])
  await channel.prefetch(1)
  await channel.consume(queue, (message) => {
    console.log(` [x] Received ${message.content}`)
    if (queue === 'task_queue') console.log(' [x] Done')
    channel.ack(message)
  })
  console.log(` [*] Waiting for messages${queue === 'hello' ? ' in hello' : ''}. To exit press CTRL+C`)
}

async function answer(queue) {
  await channel.assertQueue(queue, quorum)
  await channel.prefetch(1)
  await channel.consume(queue, (message) => {
    const { replyTo, correlationId } = message.properties
    const n = Number(message.content.toString())
    console.log(` [.] fib(${n})`)
    channel.sendToQueue(replyTo, Buffer.from(String(fib(n))), { correlationId })
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
  console.log(` [x] Requesting fib(${n})`)
  channel.sendToQueue(queue, Buffer.from(n), { correlationId, replyTo })
}

async function emit(exchange, type, key, text) {
  await channel.assertExchange(exchange, type, { durable: false })
  channel.publish(exchange, key, Buffer.from(text))
  await channel.waitForConfirms()
  console.log(` [x] Sent ${line(type, key, text)}`)
  await connection.close()
}

async function listen(exchange, type, keys) {
  await channel.assertExchange(exchange, type, { durable: false })
  const { queue } = await channel.assertQueue('', { exclusive: true })
  for (const key of keys) await channel.bindQueue(queue, exchange, key)
  console.log(` [*] Waiting for ${type === 'fanout' ? `messages in ${queue}` : 'logs'}. To exit press CTRL+C`)
  const print = ({ fields: { routingKey }, content }) => console.log(` [x] ${line(type, routingKey, content)}`)
  await channel.consume(queue, print, { noAck: true })
}

/** As each tutorial writes it, to the space. */
function line(type, key, text) {
  return { fanout: `${text}`, direct: `${key}: '${text}'`, topic: `${key}:'${text}'` }[type]
}

const [key, ...text] = words
if (program === 'send') await put('hello', 'Hello World!')
else if (program === 'receive') await take('hello')
else if (program === 'new-task') await put('task_queue', words.join(' '))
else if (program === 'worker') await take('task_queue')
else if (program === 'rpc-server') await answer('rpc_queue')
else if (program === 'rpc-client') await ask('rpc_queue', words[0] ?? '30')
else if (program === 'emit-log') await emit('logs', 'fanout', '', words.join(' '))
else if (program === 'receive-logs') await listen('logs', 'fanout', [''])
else if (program === 'emit-log-direct') await emit('direct_logs', 'direct', key, text.join(' '))
else if (program === 'receive-logs-direct') await listen('direct_logs', 'direct', words)
else if (program === 'emit-log-topic') await emit('topic_logs', 'topic', key, text.join(' '))
else if (program === 'receive-logs-topic') await listen('topic_logs', 'topic', words)
else throw new Error(`no such program: ${program}`)
