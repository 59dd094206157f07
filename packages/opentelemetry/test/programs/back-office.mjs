// Works on what web.mjs sends: a worker that publishes an event, a batch worker, a reader of a stream, an RPC server.
import { context, propagation, trace } from '@opentelemetry/api'
import { serve } from './serve.mjs'

const ready = await serve(async ({ rabbit, tasks, batched, shop, price, history }) => {
  const { Publisher, RpcServer, Subscriber, Worker } = await import('leveret')
  const publisher = new Publisher(rabbit, shop)
  const work = async ({ text }) => {
    const tenant = propagation.getBaggage(context.active())?.getEntry('tenant')?.value
    trace.getActiveSpan()?.setAttribute('tenant', String(tenant))
    await publisher.publish('task.1.done', { n: text.length })
  }
  const roles = [
    new Worker(rabbit, tasks, work),
    new Worker(rabbit, batched, () => undefined, { batch: { size: 10, waitMs: 10 } }),
    new Subscriber(rabbit, history, () => undefined, { offset: 'first' }),
    new RpcServer(rabbit, price, ({ n }) => ({ n })),
  ]
  await Promise.all(roles.map((role) => role.start()))
  return {}
})
process.send({ ready })
