// The program that is there already, on amqp-connection-manager. Usage: legacy work | legacy send <orderId …>
import { once } from 'node:events'
import { connect } from 'amqp-connection-manager'

const [program, ...orderIds] = process.argv.slice(2)
const manager = connect([process.env.RABBITMQ_URL])
const channel = manager.createChannel({
  json: true,
  setup: async (each) => {
    await each.assertExchange('shop', 'topic', { durable: true })
    await each.assertQueue('billing', { durable: true, messageTtl: 86_400_000 })
    await each.bindQueue('billing', 'shop', 'order.*')
    await each.prefetch(1)
  },
})

if (program === 'send') {
  for (const orderId of orderIds)
    await channel.publish('shop', 'order.placed', { orderId: Number(orderId), cents: 1_250 })
  await manager.close()
} else {
  await channel.consume('billing', (message) => {
    const { orderId } = JSON.parse(message.content.toString())
    console.log(`billed ${orderId}`)
    channel.ack(message)
  })
  await channel.waitForConnect()
  console.log('billing')
  await once(process, 'SIGTERM')
  await manager.close()
}
