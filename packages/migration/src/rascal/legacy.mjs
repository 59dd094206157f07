// The program that is there already, on rascal. Usage: legacy work | legacy send <orderId …>
import rascal from 'rascal'

const [program, ...orderIds] = process.argv.slice(2)
const { href, pathname } = new URL(process.env.RABBITMQ_URL)

const broker = await rascal.BrokerAsPromised.create(
  rascal.withDefaultConfig({
    vhosts: {
      [decodeURIComponent(pathname.slice(1))]: {
        connection: { url: href },
        exchanges: { shop: { type: 'topic' } },
        queues: { packing: {} },
        bindings: ['shop[order.*] -> packing'],
        publications: { placed: { exchange: 'shop', routingKey: 'order.placed' } },
        subscriptions: { packing: { queue: 'packing', prefetch: 1 } },
      },
    },
  }),
)
broker.on('error', (error) => console.error(error.message))

if (program === 'send') {
  for (const orderId of orderIds) {
    const publication = await broker.publish('placed', { orderId: Number(orderId), cents: 1_250 })
    await new Promise((resolve, reject) => publication.on('success', resolve).on('error', reject).on('return', reject))
  }
  await broker.shutdown()
} else {
  const subscription = await broker.subscribe('packing')
  subscription.on('message', (_message, { orderId }, ackOrNack) => {
    console.log(`packed ${orderId}`)
    ackOrNack()
  })
  subscription.on('error', (error) => console.error(error.message))
  process.once('SIGTERM', () => void broker.shutdown())
  console.log('packing')
}
