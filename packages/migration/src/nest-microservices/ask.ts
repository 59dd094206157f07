import { randomUUID } from 'node:crypto'
import { connect, RpcClient } from 'leveret'
import { prices } from './contracts.js'

// Usage: ask <orderId>
await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
await using client = new RpcClient(rabbit, prices)
const answer = await client.call({ pattern: 'get_price', data: { orderId: Number(process.argv[2]) }, id: randomUUID() })
console.log('err' in answer ? 'it failed' : answer.response)
