// A web server of the shop. Each POST sends, publishes or calls; the other process, back-office.mjs, does the work.
import { createServer } from 'node:http'
import { context, propagation, trace } from '@opentelemetry/api'
import { serve } from './serve.mjs'

const contracts = await serve(async ({ rabbit, tasks, batched, shop, price, done }) => {
  const { Producer, Publisher, RpcClient, Subscriber } = await import('leveret')
  await new Subscriber(rabbit, done, () => undefined).start()
  const [producer, letters] = [new Producer(rabbit, tasks), new Producer(rabbit, batched)]
  const [publisher, client] = [new Publisher(rabbit, shop), new RpcClient(rabbit, price)]
  const nested = { headers: { tenant: { name: 'acme' } } }
  const work = {
    small: () => producer.send({ text: 'x'.repeat(10) }),
    large: () => producer.send({ text: 'x'.repeat(20 * 1024) }),
    nested: () => producer.send({ text: 'x' }, nested),
    delayed: () => producer.send({ text: 'x' }, { delayMs: 100 }),
    batch: () => letters.send({ text: 'x' }),
    stream: () => publisher.publish('order.1.placed', { n: 1 }),
    call: () => client.call({ n: 1 }),
  }
  const tracer = trace.getTracer('web')
  const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
  const server = createServer((request, response) => {
    context.with(propagation.setBaggage(context.active(), baggage), () =>
      tracer.startActiveSpan(`POST ${request.url}`, async (span) => {
        await work[request.url.slice(1)]()
        span.end()
        response.end('done')
      }),
    )
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port }
})
process.send({ ready: contracts })
