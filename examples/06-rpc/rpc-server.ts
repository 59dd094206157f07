import { closeOnSignals, connect, RpcServer } from 'leveret'
import { fib } from './procedure.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

// One request at a time: the broker gives the next one to whichever server is free.
const server = new RpcServer(rabbit, fib, answer, { concurrency: 1 })
await server.start()
console.log(' [x] Awaiting RPC requests')

function answer(n: number): number {
  console.log(` [.] fib(${n})`)
  return fibonacci(n)
}

function fibonacci(n: number): number {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)
}
