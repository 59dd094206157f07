import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  DeadLetters,
  headersExchange,
  json,
  ProcedureError,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  type Schema,
  Subscriber,
  subscription,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { eventually, firstEvent, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const BUG = new Error('a bug in the schema')

/** A number, whose check fails by itself on command. */
function failing() {
  const state = { fails: true }
  const check = async (): Promise<boolean> => {
    if (state.fails) throw BUG
    return true
  }
  return { state, schema: z.int().refine(check) }
}

const FAILED = { name: 'PayloadError', retryable: true, cause: BUG }

describe('a schema whose asynchronous refinement rejects', () => {
  test('nothing is sent, and the error has the failure of the schema as its cause', async ({
    broker,
    rabbit,
    vhost,
  }) => {
    const { state, schema } = failing()
    const queue = workQueue('queue', { payload: schema })
    const topics = topicExchange('topics', { '#': schema })
    const headed = headersExchange('headed', { headers: z.object({ n: schema }), payload: z.int() })
    const outgoing = { ...FAILED, direction: 'outgoing' }
    const producer = new Producer(rabbit, queue)
    await expect(producer.send(1)).rejects.toMatchObject(outgoing)
    await expect(new Publisher(rabbit, topics).publish('a', 1)).rejects.toMatchObject(outgoing)
    await expect(new Publisher(rabbit, headed).publish({ n: 1 }, 1)).rejects.toMatchObject(outgoing)
    const called = new RpcClient(rabbit, procedure('echo', { request: schema, response: z.int() })).call(1)
    await expect(called).rejects.toMatchObject(outgoing)
    state.fails = false
    await producer.send(2)
    const stored = await broker.management.get(vhost.name, 'queue', 2)
    expect(stored.map(({ payload }) => payload)).toEqual(['2'])
  })

  test('fails the attempt at what is received, which succeeds when the schema does', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const { state, schema } = failing()
    const queue = workQueue('queue', { payload: schema, retry: { delaysMs: [100] } })
    const handled: number[] = []
    const worker = new Worker(rabbit, queue, (n) => void handled.push(n))
    await worker.start()
    const retried = firstEvent(worker, 'delivery.retried')
    await broker.management.publish(vhost.name, { routingKey: 'queue', payload: '1' })
    expect(await retried).toMatchObject({ failure: { name: 'Error', message: BUG.message } })
    state.fails = false
    await eventually(() => expect(handled).toEqual([1]))
  })

  test('does so at a subscriber, of its headers and of its payload', async ({ rabbit }) => {
    const [headers, payload] = [failing(), failing()]
    const open = headersExchange('headed', { headers: z.looseObject({}), payload: z.int() })
    const headed = headersExchange('headed', { headers: z.looseObject({ n: headers.schema }), payload: payload.schema })
    const seen: unknown[] = []
    const failures: string[] = []
    const retry = { delaysMs: [100, 100, 100] }
    const listener = subscription('listener', { of: headed, headers: [{ n: 1 }], retry })
    const subscriber = new Subscriber(rabbit, listener, (event) => void seen.push(event.payload))
    subscriber.on('delivery.retried', ({ failure }) => {
      if (failures.push(failure.message) === 1) headers.state.fails = false
      else payload.state.fails = false
    })
    await subscriber.start()
    await new Publisher(rabbit, open).publish({ n: 1 }, 7)
    await eventually(() => expect(seen).toEqual([7]))
    expect(failures).toEqual([BUG.message, BUG.message])
  })

  test('is a PayloadError where a dead letter is read', async ({ rabbit, broker, vhost }) => {
    const { state, schema } = failing()
    const queue = workQueue('queue', { payload: schema, retry: false })
    const worker = new Worker(rabbit, queue, () => undefined)
    const died = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await broker.management.publish(vhost.name, { routingKey: 'queue', payload: '1' })
    expect(await died).toMatchObject({ reason: 'attempts-exhausted', failure: { message: BUG.message } })
    const [letter] = await new DeadLetters(rabbit, queue).peek()
    await expect(letter?.payload()).rejects.toMatchObject({ ...FAILED, direction: 'incoming' })
    state.fails = false
    expect(await letter?.payload()).toBe(1)
  })
})

describe('a call', () => {
  test('has failed where the schema of the request fails at the server', async ({ rabbit }) => {
    const { schema } = failing()
    await using server = new RpcServer(rabbit, procedure('echo', { request: schema, response: z.int() }), (n) => n)
    const failed = new Promise((resolve) => server.on('request.failed', resolve))
    await server.start()
    const client = new RpcClient(rabbit, procedure('echo', { request: z.int(), response: z.int() }))
    await expect(client.call(1)).rejects.toMatchObject({ name: 'RpcRemoteError', reason: 'failed' })
    expect(await failed).toMatchObject({ reason: 'failed', failure: { message: BUG.message } })
  })

  test.for([undefined, 7, Symbol('no')])(
    'is refused and settled where the issue of a schema has no text as its message (%s)',
    async (message, { rabbit, vhost }) => {
      const validate = (): { issues: { message: string }[] } => ({
        issues: [{ message: message as unknown as string }],
      })
      const refusing: Schema<number> = { '~standard': { version: 1, vendor: 'mine', validate } }
      const served = procedure('refused', { request: refusing, response: z.int() })
      await new RpcServer(rabbit, served, () => 1).start()
      const client = new RpcClient(rabbit, procedure('refused', { request: z.int(), response: z.int() }))
      await expect(client.call(1)).rejects.toMatchObject({ reason: 'invalid-request' })
      await eventually(async () => expect(await vhost.queue('refused')).toMatchObject({ messages: 0 }))
    },
  )

  test('rejects with a PayloadError where the schema of what comes back fails', async ({ rabbit }) => {
    const { schema } = failing()
    const served = procedure('echo', { request: z.int(), response: z.int(), errors: { No: z.int() } })
    await using server = new RpcServer(rabbit, served, (n) => {
      if (n === 0) throw new ProcedureError(served, 'No', 1)
      return n
    })
    await server.start()
    const client = new RpcClient(
      rabbit,
      procedure('echo', { request: z.int(), response: schema, errors: { No: schema } }),
    )
    await expect(client.call(1)).rejects.toMatchObject({ ...FAILED, direction: 'incoming' })
    await expect(client.call(0)).rejects.toMatchObject({ ...FAILED, direction: 'incoming' })
  })
})

test('what a codec and a schema answer is waited for where the global Promise is not that of async functions', async ({
  rabbit,
}) => {
  const { Promise: Before } = globalThis
  const { schema, state } = failing()
  state.fails = false
  const codec = { ...json, encode: async (value: unknown) => json.encode(value), decode: async () => 5 }
  const queue = workQueue('queue', { payload: schema, codec })
  const handled: unknown[] = []
  try {
    globalThis.Promise = class Other<T> extends Before<T> {}
    const worker = new Worker(rabbit, queue, async (n) => void handled.push(n))
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, queue).send(1)
    await acked
    await worker.close()
  } finally {
    globalThis.Promise = Before
  }
  expect(handled).toEqual([5])
})
