import { connect, RpcClient } from 'leveret'
import { prices } from './contracts.js'

// Usage: ask <orderId>
await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
await using client = new RpcClient(rabbit, prices)
console.log(await client.call({ orderId: Number(process.argv[2]) }))
