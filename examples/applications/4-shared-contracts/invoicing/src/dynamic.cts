// The same for a Node.js that has no require() of ES modules: import() works in every CommonJS program.
async function main(): Promise<void> {
  const { connect, Worker } = await import('leveret')
  const { invoices } = await import('@acme/contracts')
  await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost', { topology: 'check' })
  const worker = new Worker(rabbit, invoices, ({ orderId, totalCents }) => {
    console.log(`invoice for ${orderId}: ${totalCents} cents`)
  })
  const done = new Promise((resolve) => worker.once('delivery.acked', resolve))
  await worker.start()
  await done
}

void main()
