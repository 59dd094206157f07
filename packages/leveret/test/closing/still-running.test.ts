import { describe, expect } from 'vitest'
import {
  type Connection,
  type Delivery,
  Producer,
  Publisher,
  RpcClient,
  RpcServer,
  Subscriber,
  subscription,
  topicExchange,
  Worker,
  type WorkerEvents,
  workQueue,
} from '../../src/index.js'
import { double } from '../support/rpc.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const shop = topicExchange('shop', { created: tasks.payload })
const orders = subscription('orders', { of: shop, bindingKeys: ['created'], retry: false })

type Handle = (payload: unknown, delivery?: Delivery) => Promise<void>

/** The roles that have handlers, and how each gets something to do. */
const roles = {
  worker: {
    make: (rabbit: Connection, handle: Handle) => new Worker(rabbit, tasks, handle),
    send: (rabbit: Connection) => new Producer(rabbit, tasks).send({ n: 1 }),
  },
  'worker with batches': {
    make: (rabbit: Connection, handle: Handle) =>
      new Worker(rabbit, tasks, handle as never, { batch: { size: 1, waitMs: 1 } }),
    send: (rabbit: Connection) => new Producer(rabbit, tasks).send({ n: 1 }),
  },
  'worker that settles by hand': {
    make: (rabbit: Connection, handle: Handle) => new Worker(rabbit, tasks, handle, { acknowledge: 'manual' }),
    send: (rabbit: Connection) => new Producer(rabbit, tasks).send({ n: 1 }),
  },
  'worker that acknowledges first': {
    make: (rabbit: Connection, handle: Handle) => new Worker(rabbit, tasks, handle, { acknowledge: 'none' }),
    send: (rabbit: Connection) => new Producer(rabbit, tasks).send({ n: 1 }),
  },
  'single active worker': {
    make: (rabbit: Connection, handle: Handle) => {
      const single = workQueue('single', { payload: tasks.payload, queue: { singleActive: true } })
      return new Worker(rabbit, single, handle)
    },
    send: (rabbit: Connection) =>
      new Producer(rabbit, workQueue('single', { payload: tasks.payload, queue: { singleActive: true } })).send({
        n: 1,
      }),
  },
  subscriber: {
    make: (rabbit: Connection, handle: Handle) => new Subscriber(rabbit, orders, handle),
    send: (rabbit: Connection) => new Publisher(rabbit, shop).publish('created', { n: 1 }),
  },
  'RPC server': {
    make: (rabbit: Connection, handle: Handle) =>
      new RpcServer(rabbit, double, async ({ n }) => {
        await handle({ n })
        return { doubled: 2 * n }
      }),
    send: async (rabbit: Connection) => {
      new RpcClient(rabbit, double).call({ n: 1 }).catch(() => undefined)
    },
  },
} as const

const names = Object.keys(roles) as (keyof typeof roles)[]

/** A role whose handler runs until it is let go, and all that it reported about its close. */
async function running(name: keyof typeof roles, consuming: Connection, sending: Connection) {
  const [begun, hold] = [gate(), gate()]
  const told: WorkerEvents['close.incomplete'][] = []
  const role = roles[name].make(consuming, async () => {
    begun.open()
    await hold.opened
  })
  const { on }: { on(name: 'close.incomplete', listener: (event: WorkerEvents['close.incomplete']) => void): unknown } =
    role
  on.call(role, 'close.incomplete', (event) => told.push(event))
  await role.start()
  await roles[name].send(sending)
  await begun.opened
  return { role, told, hold }
}

describe.for(names)('the close of a %s whose handler still runs', (name) => {
  test('is reported when its connection closes in less time than the role has', async ({ connectTo, rabbit }) => {
    const own = await connectTo()
    const { role, told, hold } = await running(name, own, rabbit)
    const closing = role.close({ timeoutMs: 600_000 })
    await own.close({ timeoutMs: 100 })
    // The handler goes on, and the role does not wait for it: the broker does not get what it settles.
    await closing
    expect(told).toMatchObject([{ deliveries: 1, hung: 0 }])
    hold.open()
  })

  test('is reported when the link is lost meanwhile', async ({ connectTo, proxy, rabbit, vhost }) => {
    const own = await connectTo({}, proxy.urlFor(vhost.url))
    const { role, told, hold } = await running(name, own, rabbit)
    const lost = firstEvent(own, 'disconnected')
    const closing = role.close({ timeoutMs: 1_500 })
    proxy.reset()
    await lost
    await closing
    expect(told).toMatchObject([{ deliveries: 1, hung: 0 }])
    hold.open()
  })

  test('is reported when there is no link', async ({ connectTo, proxy, rabbit, vhost }) => {
    const own = await connectTo({}, proxy.urlFor(vhost.url))
    const { role, told, hold } = await running(name, own, rabbit)
    proxy.refuse()
    const lost = firstEvent(own, 'disconnected')
    proxy.reset()
    await lost
    await role.close({ timeoutMs: 300 })
    expect(told).toMatchObject([{ deliveries: 1, hung: 0 }])
    hold.open()
    await proxy.accept()
  })
})

test('a second close with less time ends sooner', async ({ rabbit }) => {
  const { role, told, hold } = await running('worker', rabbit, rabbit)
  const first = role.close({ timeoutMs: 600_000 })
  await role.close({ timeoutMs: 0 })
  await first
  expect(told).toMatchObject([{ deliveries: 1 }])
  hold.open()
})

test('a second close of a connection with less time ends sooner', async ({ connectTo, rabbit }) => {
  const own = await connectTo()
  const { told, hold } = await running('worker', own, rabbit)
  const first = own.close({ timeoutMs: 600_000 })
  await own.close({ timeoutMs: 0 })
  await first
  expect(told).toMatchObject([{ deliveries: 1 }])
  hold.open()
})

test('a second close with more time, or without a time, lets the first one be', async ({ rabbit }) => {
  const { role, told, hold } = await running('worker', rabbit, rabbit)
  const first = role.close({ timeoutMs: 200 })
  void role.close()
  void role.close({ timeoutMs: 600_000 })
  await first
  expect(told).toMatchObject([{ deliveries: 1 }])
  hold.open()
})

test('a handler that was given up before is reported, because it still runs', async ({ rabbit }) => {
  const [begun, hold] = [gate(), gate()]
  const told: unknown[] = []
  const contract = workQueue('tasks', { payload: tasks.payload, retry: false })
  const handle: Handle = async () => {
    begun.open()
    await hold.opened
  }
  const worker = new Worker(rabbit, contract, handle, { handlerTimeoutMs: 50 })
  worker.on('close.incomplete', (event) => told.push(event))
  const givenUp = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await new Producer(rabbit, contract).send({ n: 1 })
  await givenUp
  await worker.close({ timeoutMs: 2_000 })
  expect(told).toMatchObject([{ deliveries: 0, hung: 1 }])
  hold.open()
})

test('a handler that acknowledged first and lost its channel is aborted too when the time is nearly up', async ({
  connectTo,
  proxy,
  rabbit,
  vhost,
}) => {
  const own = await connectTo({}, proxy.urlFor(vhost.url))
  const begun = gate()
  const aborted: unknown[] = []
  const handle: Handle = async (_task, delivery) => {
    begun.open()
    await new Promise<void>((resolve) =>
      delivery?.signal.addEventListener('abort', () => {
        aborted.push(delivery.signal.reason)
        resolve()
      }),
    )
  }
  const worker = new Worker(own, tasks, handle, { acknowledge: 'none' })
  const told: unknown[] = []
  worker.on('close.incomplete', (event) => told.push(event))
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 })
  await begun.opened
  const back = firstEvent(worker, 'channel.recovered')
  proxy.reset()
  await back
  expect(aborted).toEqual([])
  await worker.close({ timeoutMs: 1_500 })
  expect(aborted).toMatchObject([{ name: 'ClosedError' }])
  expect(told).toEqual([])
  await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
})
