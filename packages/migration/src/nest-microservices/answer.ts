import { closeOnSignals, connect, RpcServer } from 'leveret'
import { prices } from './contracts.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)
const server = new RpcServer(rabbit, prices, ({ data: { orderId } }) => ({
  response: { cents: orderId * 100 },
  isDisposed: true as const,
}))
await server.start()
console.log('answering')
