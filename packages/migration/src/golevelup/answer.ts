import { closeOnSignals, connect, RpcServer } from 'leveret'
import { prices } from './contracts.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)
await new RpcServer(rabbit, prices, ({ orderId }) => ({ cents: orderId * 100 })).start()
console.log('answering')
