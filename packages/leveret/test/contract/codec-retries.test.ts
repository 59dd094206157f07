import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type Codec,
  DeadLetters,
  encodeMessage,
  json,
  Producer,
  procedure,
  Retry,
  RpcClient,
  RpcServer,
  Worker,
  workQueue,
} from '../../src/index.js'
import { eventually, firstEvent, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const payload = z.object({ n: z.int() })
const DOWN = new Error('the key service is down')

/** A codec that asks a service for a key, which is down on command. */
function keyed(): { readonly codec: Codec; readonly state: { isDown: boolean } } {
  const state = { isDown: true }
  const ask = async (): Promise<void> => {
    if (state.isDown) throw new Retry({ afterMs: 1_000, reason: 'no key for now', cause: DOWN })
  }
  const codec: Codec = {
    contentType: 'application/json',
    encode: async (value) => {
      await ask()
      return json.encode(value)
    },
    decode: async (content) => {
      await ask()
      return json.decode(content)
    },
  }
  return { codec, state }
}

const PASSING = { name: 'PayloadError', retryable: true, cause: { name: 'Retry', cause: DOWN } }

describe('a codec that throws Retry', () => {
  test('fails the attempt at what is received, which is handled when the codec answers', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const { codec, state } = keyed()
    const queue = workQueue('queue', { payload, codec, retry: { delaysMs: [60_000] } })
    const handled: unknown[] = []
    const worker = new Worker(rabbit, queue, ({ n }, { attempt }) => void handled.push([n, attempt]))
    const retried = firstEvent(worker, 'delivery.retried')
    await worker.start()
    await broker.management.publish(vhost.name, { routingKey: 'queue', payload: '{"n":1}' })
    expect(await retried).toMatchObject({ afterMs: 1_000, failure: { name: 'Retry', message: 'no key for now' } })
    state.isDown = false
    await eventually(() => expect(handled).toEqual([[1, 2]]))
  })

  test('makes a dead letter of it after the last attempt, which is no invalid payload', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const { codec, state } = keyed()
    const queue = workQueue('queue', { payload, codec, retry: false })
    const worker = new Worker(rabbit, queue, () => undefined)
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await broker.management.publish(vhost.name, { routingKey: 'queue', payload: '{"n":1}' })
    expect(await dead).toMatchObject({ reason: 'attempts-exhausted', failure: { message: 'no key for now' } })
    const [letter] = await new DeadLetters(rabbit, queue).peek()
    await expect(letter?.payload()).rejects.toMatchObject({ ...PASSING, direction: 'incoming' })
    await expect(letter?.payload()).rejects.toThrow("A payload received from 'queue' could not be read: its codec")
    state.isDown = false
    expect(await letter?.payload()).toEqual({ n: 1 })
  })

  test('keeps what is sent from being sent, and says that it may be sent later', async ({ rabbit, vhost }) => {
    const { codec, state } = keyed()
    const queue = workQueue('queue', { payload, codec })
    const producer = new Producer(rabbit, queue)
    const outgoing = { ...PASSING, direction: 'outgoing' }
    await expect(producer.send({ n: 1 })).rejects.toMatchObject(outgoing)
    await expect(encodeMessage(queue, { n: 1 })).rejects.toMatchObject(outgoing)
    const echo = procedure('echo', { request: payload, response: payload, codec })
    await expect(new RpcClient(rabbit, echo).call({ n: 1 })).rejects.toMatchObject(outgoing)
    state.isDown = false
    await producer.send({ n: 2 })
    await eventually(async () => expect(await vhost.queue('queue')).toMatchObject({ messages: 1 }))
  })

  test('lets a call fail, which may be made again', async ({ rabbit }) => {
    const { codec } = keyed()
    await using server = new RpcServer(
      rabbit,
      procedure('echo', { request: payload, response: payload, codec }),
      (r) => r,
    )
    await server.start()
    const client = new RpcClient(rabbit, procedure('echo', { request: payload, response: payload }))
    const failed = { name: 'RpcRemoteError', reason: 'failed', retryable: true }
    await expect(client.call({ n: 1 })).rejects.toMatchObject(failed)
  })
})

test('a codec that fails when its time is up has failed the attempt: nothing is said of the payload', async ({
  rabbit,
  vhost,
  broker,
}) => {
  // Within the second that a handler has to notice that its time is up.
  const decode = async (): Promise<never> => {
    await new Promise((resolve) => setTimeout(resolve, 600))
    throw new Error('too late')
  }
  const queue = workQueue('queue', { payload, codec: { ...json, decode }, retry: false })
  const worker = new Worker(rabbit, queue, () => undefined, { handlerTimeoutMs: 200 })
  const dead = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await broker.management.publish(vhost.name, { routingKey: 'queue', payload: '{"n":1}' })
  const message = 'its schema or codec had not finished after 200 ms'
  expect(await dead).toMatchObject({ reason: 'attempts-exhausted', failure: { name: 'HandlerTimeout', message } })
})
