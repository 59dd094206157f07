import { describe, expect } from 'vitest'
import { type CredentialsProvider, connect, Producer, Worker } from '../../src/index.js'
import { eventually, firstEvent, stable, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const explosive = new Error('boom')
Object.defineProperty(explosive, 'stack', {
  get: () => {
    throw new Error('no stack')
  },
})
Object.defineProperty(explosive, 'message', {
  get: () => {
    throw new Error('no message')
  },
})

/** What cannot be made a text. */
const UNPRINTABLE: readonly (readonly [what: string, thrown: unknown])[] = [
  ['an object without a prototype', Object.create(null)],
  ['an object that refuses to be a text', { toString: () => ({}), [Symbol.toPrimitive]: () => ({}) }],
  ['an error whose properties throw', explosive],
  ['a symbol', Symbol('why')],
  ['nothing', undefined],
]

describe.for(UNPRINTABLE)('%s, thrown', ([_what, thrown]) => {
  test('by listeners and a logger affects no role', async ({ connectTo, proxy, vhost }) => {
    const fail = (): never => {
      throw thrown
    }
    const logger = { debug: fail, info: fail, warn: fail, error: fail }
    const rabbit = await connectTo({ logger }, proxy.urlFor(vhost.url))
    const seen: number[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.push(n))
    rabbit.on('connected', fail).on('disconnected', fail)
    worker.on('channel.lost', fail).on('channel.recovered', fail).on('delivery.acked', fail)
    await worker.start()
    await stable()
    proxy.reset()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(rabbit.health()).toMatchObject({ ready: true })
  })

  test('by a credentials provider is a reason like any other, and the provider is asked again', async ({ vhost }) => {
    const credentials: CredentialsProvider = () => {
      throw thrown
    }
    const failed = { name: 'ConnectionError', reason: 'credentials', retryable: true }
    const options = { credentials, startupTimeoutMs: 300 }
    await expect(connect(vhost.url, options)).rejects.toMatchObject(failed)
    let broken = true
    const mended: CredentialsProvider = () => {
      if (broken) throw thrown
      return { username: 'guest', password: 'guest' }
    }
    await using rabbit = await connect(vhost.url, {
      credentials: mended,
      startupTimeoutMs: Number.POSITIVE_INFINITY,
    })
    expect(await firstEvent(rabbit, 'connect-failed')).toMatchObject({ reason: failed })
    broken = false
    await new Producer(rabbit, tasks).send({ n: 1 })
  })

  test('by an interceptor fails its send', async ({ connectTo }) => {
    const publish = (): never => {
      throw thrown
    }
    const rabbit = await connectTo({ interceptors: [{ publish: async () => publish() }] })
    await expect(new Producer(rabbit, tasks).send({ n: 1 })).rejects.toMatchObject({ outcome: 'not-sent' })
  })
})
