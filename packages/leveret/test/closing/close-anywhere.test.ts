import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { describe, expect } from 'vitest'
import { Producer, Subscriber, subscription, topicExchange, Worker, workQueue } from '../../src/index.js'
import { runProgram } from '../support/program.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

describe('a job that takes one task and ends', () => {
  test.for([
    { name: 'its handler awaits the close of the connection', call: 'await rabbit.close()' },
    { name: 'its handler calls for the close of the connection', call: 'void rabbit.close()' },
    { name: 'its handler awaits the close of the worker', call: 'await worker.close(); void rabbit.close()' },
  ])('ends with code 0 and its task acknowledged, $name', { timeout: 120_000 }, async ({ call }, { rabbit, vhost }) => {
    for (const type of ['quorum', 'classic'] as const) {
      const contract = workQueue(`jobs-${type}`, { payload: tasks.payload, queue: { type } })
      await new Producer(rabbit, contract).sendAll([{ n: 1 }, { n: 2 }, { n: 3 }])
      for (const left of [2, 1, 0]) {
        const body = `const rabbit = await connect(url)
          const contract = workQueue('jobs-${type}', { payload: z.object({ n: z.number() }), queue: { type: '${type}' } })
          const worker = new Worker(rabbit, contract, async ({ n }) => {
            console.log(n)
            ${call}
          }, { concurrency: 1 })
          await worker.start()`
        const { lines, stderr, code } = await runProgram(vhost.url, body)
        expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
        expect(lines).toEqual([String(3 - left)])
        await eventually(async () =>
          expect(await vhost.queue(`jobs-${type}`)).toMatchObject({ messages: left, messages_ready: left }),
        )
      }
    }
  })
})

/** Hands on what the broker sends in pieces of so many milliseconds. */
const PIECE_MS = 40

/** A way to the broker by which answers and deliveries come together. */
async function gatherer(to: string): Promise<{ url: string; close: () => Promise<void> }> {
  const { hostname, port } = new URL(to)
  const server = createServer((client) => {
    const broker = connectTcp(Number(port), hostname)
    const gathered: Buffer[] = []
    const timer = setInterval(() => client.write(Buffer.concat(gathered.splice(0))), PIECE_MS)
    const end = (): void => {
      clearInterval(timer)
      client.destroy()
      broker.destroy()
    }
    client.on('data', (bytes) => broker.write(bytes))
    broker.on('data', (bytes) => gathered.push(bytes))
    for (const socket of [client, broker]) socket.on('close', end).on('error', end)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(to)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    close: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

describe('close', () => {
  test('inside a handler waits for the other handlers, and not for those that wait for it', async ({
    rabbit,
    vhost,
  }) => {
    const [hold, begun] = [gate(), gate()]
    const order: string[] = []
    const worker = new Worker(rabbit, tasks, async ({ n }) => {
      if (n === 3) {
        begun.open()
        await hold.opened
        return void order.push('the other ended')
      }
      await begun.opened
      await worker.close()
      order.push(`closed for ${n}`)
    })
    const acked: unknown[] = []
    worker.on('delivery.acked', (event) => acked.push(event))
    await worker.start()
    await new Producer(rabbit, tasks).sendAll([{ n: 1 }, { n: 2 }, { n: 3 }])
    await begun.opened
    await eventually(async () => expect(await vhost.consumers()).toEqual([]))
    expect(order).toEqual([])
    hold.open()
    await worker.close()
    expect(order[0]).toBe('the other ended')
    expect(order.toSorted()).toEqual(['closed for 1', 'closed for 2', 'the other ended'])
    expect(acked).toHaveLength(3)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('inside the handler of a batch does not wait for that batch', async ({ rabbit, vhost }) => {
    const closed = gate()
    const worker = new Worker(
      rabbit,
      tasks,
      async () => {
        await worker.close()
        closed.open()
      },
      { batch: { size: 2, waitMs: 60_000 } },
    )
    await worker.start()
    await new Producer(rabbit, tasks).sendAll([{ n: 1 }, { n: 2 }])
    await closed.opened
    await worker.close()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('inside an interceptor and inside a listener ends, and the delivery is settled', async ({
    connectTo,
    vhost,
  }) => {
    const closing: Promise<void>[] = []
    const rabbit = await connectTo({
      interceptors: [
        {
          handle: async (_delivery, next) => {
            await next()
            await worker.close()
          },
        },
      ],
    })
    const worker = new Worker(rabbit, tasks, () => undefined)
    worker.on('delivery.acked', () => void closing.push(rabbit.close()))
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await acked
    await Promise.all(closing)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('while a resubscription is being set up loses no ack', async ({ connectTo, proxy, rabbit: sender, vhost }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const events = topicExchange('log', { 'line.#': tasks.payload })
    const handled: number[] = []
    const again = gate()
    const closed: Promise<void>[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => {
      handled.push(n)
      // The first delivery after the loss comes before the set-up is done.
      if (n === 2) closed.push(worker.close().then(again.open))
    })
    await worker.start()
    const lines = subscription('lines', { of: events, bindingKeys: ['line.#'] })
    const subscriber = new Subscriber(rabbit, lines, () => undefined)
    await subscriber.start()
    const producer = new Producer(sender, tasks)
    await producer.send({ n: 1 })
    await eventually(() => expect(handled).toEqual([1]))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    proxy.reset()
    await producer.send({ n: 2 })
    await again.opened
    await Promise.all(closed)
    expect(handled.at(-1)).toBe(2)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('right after the first delivery, which came in one read with the answer that it consumes, ends at once', async ({
    connectTo,
    rabbit: sender,
    vhost,
  }) => {
    const gathering = await gatherer(vhost.url)
    const rabbit = await connectTo({}, gathering.url)
    await new Producer(sender, tasks).send({ n: 1 })
    const handled = new Promise((resolve) => {
      new Worker(rabbit, tasks, resolve).start().catch(() => undefined)
    })
    await handled
    await rabbit.close({ timeoutMs: 300_000 })
    await gathering.close()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('on SIGTERM while a worker starts ends the program with code 0', async ({ vhost }) => {
    const body = `const rabbit = await connect(url)
      closeOnSignals(rabbit)
      const worker = new Worker(rabbit, tasks, () => undefined)
      const starting = worker.start()
      process.kill(process.pid, 'SIGTERM')
      await starting
      console.log('started or closed')`
    const { lines, stderr, code } = await runProgram(vhost.url, body)
    expect({ lines, stderr, code }).toEqual({ lines: ['started or closed'], stderr: '', code: 0 })
  })
})

test.for(['quorum', 'classic'] as const)(
  'a single active consumer that closes hands over in order, when its running handlers have ended (%s)',
  async (type, { rabbit, connectTo, vhost }) => {
    const contract = workQueue('ordered', { payload: tasks.payload, queue: { type, singleActive: true }, retry: false })
    const hold = gate()
    const running = new Set<string>()
    const seen: [string, number][] = []
    const overlaps: unknown[] = []
    const handlerOf =
      (name: string) =>
      async ({ n }: { n: number }) => {
        running.add(name)
        if (running.size > 1) overlaps.push([name, n])
        seen.push([name, n])
        if (name === 'first') await hold.opened
        running.delete(name)
      }
    const first = new Worker(rabbit, contract, handlerOf('first'), { concurrency: 1, prefetch: 10 })
    await first.start()
    const second = new Worker(await connectTo(), contract, handlerOf('second'), { concurrency: 1, prefetch: 10 })
    await second.start()
    await new Producer(rabbit, contract).sendAll(Array.from({ length: 30 }, (_, n) => ({ n })))
    await eventually(async () => expect(await vhost.queue('ordered')).toMatchObject({ messages_unacknowledged: 10 }))
    const closing = first.close()
    hold.open()
    await closing
    await eventually(() => expect(seen.at(-1)?.[1]).toBe(29))
    expect(overlaps).toEqual([])
    expect(seen.map(([, n]) => n)).toEqual(Array.from({ length: 30 }, (_, n) => n))
    expect(seen.filter(([name]) => name === 'first')).toHaveLength(1)
  },
)
