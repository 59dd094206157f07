// The program that is there already, on plain amqplib. Usage: legacy work | legacy send <orderId …>
import { connect } from 'amqplib'

const [program, ...orderIds] = process.argv.slice(2)
const connection = await connect(process.env.RABBITMQ_URL)
const channel = await connection.createConfirmChannel()

await channel.assertExchange('orders-dlx', 'fanout', { durable: true })
await channel.assertQueue('orders-failed', { durable: true })
await channel.bindQueue('orders-failed', 'orders-dlx', '')
await channel.assertQueue('orders', { durable: true, deadLetterExchange: 'orders-dlx', maxPriority: 5 })

if (program === 'send') {
  for (const orderId of orderIds) {
    const order = JSON.stringify({ orderId: Number(orderId), cents: 1_250 })
    channel.sendToQueue('orders', Buffer.from(order), { persistent: true, priority: 1 })
  }
  await channel.waitForConfirms()
  await connection.close()
} else {
  await channel.prefetch(1)
  await channel.consume('orders', (message) => {
    const { orderId } = JSON.parse(message.content.toString())
    const isUnknown = orderId === 13
    console.log(`${isUnknown ? 'refused' : 'packed'} ${orderId}`)
    if (isUnknown) channel.nack(message, false, false)
    else channel.ack(message)
  })
  process.once('SIGTERM', () => void connection.close())
  console.log('packing')
}
