import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type CredentialsProvider,
  fanoutExchange,
  type Logger,
  Producer,
  Publisher,
  RpcClient,
  RpcServer,
  Subscriber,
  Worker,
} from '../../../src/index.js'
import { double } from '../../support/rpc.js'
import { eventually, firstEvent, stable, tasks, test } from '../../support/support.js'

const COUNT = 20
/** What a program keeps for each of its requests. */
const context = new AsyncLocalStorage<string>()

/** What runs, and in whose context. */
interface Diary {
  note(what: string): void
  /** In which contexts it ran. */
  contextsOf(what: string): (string | undefined)[]
  readonly kinds: string[]
}

function diary(): Diary {
  const notes: [what: string, store: string | undefined][] = []
  return {
    note: (what) => void notes.push([what, context.getStore()]),
    contextsOf: (what) => [...new Set(notes.filter(([other]) => other === what).map(([, store]) => store))],
    get kinds() {
      return [...new Set(notes.map(([what]) => what))].sort()
    },
  }
}

function expectNoContext({ kinds, contextsOf }: Diary): void {
  expect(Object.fromEntries(kinds.map((kind) => [kind, contextsOf(kind)]))).toEqual(
    Object.fromEntries(kinds.map((kind) => [kind, [undefined]])),
  )
}

/** In the context of a request. */
async function inRequest<T>(work: () => Promise<T>): Promise<T> {
  return await context.run('request', work)
}

test('nothing of what lasts runs in the context of the request that connected and started it, before and after a reconnect', async ({
  connectTo,
  proxy,
  vhost,
}) => {
  const seen = diary()
  const at = (level: string) => () => seen.note(`logger.${level}`)
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const credentials: CredentialsProvider = () => {
    seen.note('credentials')
    return { username: 'guest', password: 'guest' }
  }
  const handled = new Set<number>()
  const { rabbit, producer, worker } = await inRequest(async () => {
    const rabbit = await connectTo({ logger, credentials }, proxy.urlFor(vhost.url))
    rabbit.on('connected', () => seen.note('connected')).on('disconnected', () => seen.note('disconnected'))
    const worker = new Worker(rabbit, tasks, ({ n }, { signal }) => {
      seen.note('handler')
      signal.addEventListener('abort', () => seen.note('abort'))
      handled.add(n)
      if (n === 0) throw new Error('once more')
    })
    worker.on('delivery.acked', () => seen.note('acked')).on('channel.lost', () => seen.note('lost'))
    worker.on('delivery.retried', () => seen.note('retried')).on('channel.recovered', () => seen.note('recovered'))
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    for (let n = 0; n < COUNT; n += 1) await producer.send({ n })
    return { rabbit, producer, worker }
  })
  await eventually(() => expect(handled.size).toBe(COUNT))
  await stable()
  const recovered = firstEvent(worker, 'channel.recovered')
  proxy.reset()
  await recovered
  await inRequest(async () => {
    await worker.pause()
    await worker.resume()
    for (let n = 0; n < COUNT; n += 1) await producer.send({ n: COUNT + n })
  })
  await eventually(() => expect(handled.size).toBe(2 * COUNT))
  await eventually(() => expect(seen.kinds).toContain('retried'))
  await inRequest(() => rabbit.close())
  const kinds = ['acked', 'connected', 'credentials', 'disconnected', 'handler', 'lost', 'recovered', 'retried']
  expect(seen.kinds).toEqual(expect.arrayContaining([...kinds, 'logger.info', 'logger.warn']))
  expectNoContext(seen)
})

test('a handler whose time is up gets its abort in its own context', async ({ connectTo }) => {
  const seen = diary()
  await inRequest(async () => {
    const rabbit = await connectTo()
    const worker = new Worker(
      rabbit,
      tasks,
      async (_task, { signal }) =>
        await new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            seen.note('abort')
            reject(signal.reason)
          })
        }),
      { handlerTimeoutMs: 100 },
    )
    const retried = firstEvent(worker, 'delivery.retried')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await retried
  })
  expect(seen.contextsOf('abort')).toEqual([undefined])
})

const events = fanoutExchange('happenings', { payload: z.object({ n: z.int() }) })

describe('so it is with', () => {
  test('a subscriber', async ({ connectTo }) => {
    const seen = diary()
    await inRequest(async () => {
      const rabbit = await connectTo()
      const subscriber = new Subscriber(rabbit, events, () => seen.note('handler'))
      subscriber.on('delivery.acked', () => seen.note('acked'))
      await subscriber.start()
      const publisher = new Publisher(rabbit, events)
      for (let n = 0; n < COUNT; n += 1) await publisher.publish({ n })
      await eventually(() => expect(seen.kinds).toEqual(['acked', 'handler']))
    })
    expectNoContext(seen)
  })

  test('a server', async ({ connectTo }) => {
    const seen = diary()
    await inRequest(async () => {
      const rabbit = await connectTo()
      const server = new RpcServer(rabbit, double, ({ n }) => {
        seen.note('handler')
        return { doubled: 2 * n }
      })
      server.on('request.answered', () => seen.note('answered'))
      await server.start()
      const client = new RpcClient(rabbit, double)
      for (let n = 0; n < COUNT; n += 1) {
        expect(await client.call({ n })).toEqual({ doubled: 2 * n })
        expect(context.getStore()).toBe('request')
      }
      await eventually(() => expect(seen.kinds).toEqual(['answered', 'handler']))
    })
    expectNoContext(seen)
  })
})

test('a sender continues in its own context', async ({ rabbit }) => {
  const producer = new Producer(rabbit, tasks)
  const stores = await Promise.all(
    Array.from({ length: COUNT }, (_, n) =>
      context.run(`request ${n}`, async () => {
        await producer.send({ n })
        return context.getStore()
      }),
    ),
  )
  expect(stores).toEqual(Array.from({ length: COUNT }, (_, n) => `request ${n}`))
})
