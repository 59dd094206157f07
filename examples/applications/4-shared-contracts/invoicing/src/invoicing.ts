// A CommonJS program: the compiler writes require() for these, which Node.js allows from 20.19 on.
import { invoices } from '@acme/contracts'
import { closeOnSignals, connect, type HandlerOf, Worker } from 'leveret'

const write: HandlerOf<typeof invoices> = ({ orderId, totalCents, dueOn }) => {
  console.log(`invoice for ${orderId}: ${totalCents} cents until ${dueOn}`)
}

async function main(): Promise<void> {
  const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost', { topology: 'check' })
  closeOnSignals(rabbit)
  await new Worker(rabbit, invoices, write).start()
  console.log('writing invoices')
}

void main()
