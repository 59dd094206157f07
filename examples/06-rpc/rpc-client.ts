import { connect, RpcClient } from 'leveret'
import { fib } from './procedure.js'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')

const n = Number(process.argv[2] ?? 30)
console.log(` [x] Requesting fib(${n})`)
console.log(` [.] Got ${await new RpcClient(rabbit, fib).call(n)}`)
