// The program that is there already, on rabbitmq-client. Usage: legacy work | legacy send <orderId …>
import { Connection } from 'rabbitmq-client'

const [program, ...orderIds] = process.argv.slice(2)
const rabbit = new Connection(process.env.RABBITMQ_URL)
rabbit.on('error', (error) => console.error(error.message))

if (program === 'send') {
  const publisher = rabbit.createPublisher({ confirm: true, queues: [{ queue: 'orders', durable: true }] })
  for (const orderId of orderIds) {
    await publisher.send({ routingKey: 'orders', durable: true }, { orderId: Number(orderId), cents: 1_250 })
  }
  await publisher.close()
  await rabbit.close()
} else {
  const consumer = rabbit.createConsumer(
    { queue: 'orders', queueOptions: { durable: true }, qos: { prefetchCount: 1 } },
    async ({ body }) => {
      console.log(`packed ${body.orderId}`)
    },
  )
  consumer.on('ready', () => console.log('packing'))
  consumer.on('error', (error) => console.error(error.message))
  process.once('SIGTERM', async () => {
    await consumer.close()
    await rabbit.close()
  })
}
