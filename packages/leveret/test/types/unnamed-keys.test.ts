import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  bytes,
  fanoutExchange,
  headersExchange,
  isErrorOf,
  ProcedureError,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

const SECRET = 'my-hash'
const user = z.object({ id: z.int(), email: z.string() })
const row = { id: 7, email: 'ann@example.org', passwordHash: SECRET }
const known = { id: 7, email: 'ann@example.org' }

describe('keys that the schema does not name do not leave the process', () => {
  test('with tasks, one by one and with sendAll', async ({ rabbit, vhost }) => {
    const producer = new Producer(rabbit, workQueue('users', { payload: user }))
    await producer.send(row)
    await producer.sendAll([row, row])
    await using other = await stranger(vhost.url)
    for (const _message of [1, 2, 3]) expect(await contentOf(other, 'users')).toEqual(known)
  })

  test('with events, nor in the headers of a headers exchange', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    const all = fanoutExchange('all', { payload: user })
    const routed = topicExchange('routed', { 'user.*': user })
    const byHeaders = headersExchange('by-headers', { headers: z.object({ region: z.string() }), payload: user })
    for (const { name, type } of [all, routed, byHeaders]) {
      await other.channel.assertExchange(name, type, { durable: true })
      await other.channel.assertQueue(name)
      await other.channel.bindQueue(name, name, '#', {})
    }
    await new Publisher(rabbit, all).publish(row)
    await new Publisher(rabbit, routed).publish('user.created', row)
    const headers = { region: 'eu', session: SECRET }
    await new Publisher(rabbit, byHeaders).publish(headers, row)
    for (const queue of ['all', 'routed']) expect(await contentOf(other, queue)).toEqual(known)
    const message = await other.channel.get('by-headers')
    if (message === false) throw new Error('nothing came')
    expect(message.properties.headers).toEqual({ region: 'eu' })
    expect(JSON.parse(message.content.toString())).toEqual(known)
  })

  test('with a call, its answer, and the data of an error', async ({ rabbit, vhost }) => {
    const asked: unknown[] = []
    const find = procedure('find', { request: user, response: user, errors: { gone: user } })
    await using server = new RpcServer(rabbit, find, (request) => {
      asked.push(request)
      if (asked.length > 1) throw new ProcedureError(find, 'gone', row)
      return row
    })
    await server.start()
    // A client that takes what comes as it is.
    const raw = procedure('find', { request: user, response: z.looseObject({}), errors: { gone: z.looseObject({}) } })
    await using client = new RpcClient(rabbit, raw)
    expect(await client.call(row)).toEqual(known)
    const error: unknown = await client.call(row).catch((thrown: unknown) => thrown)
    expect(isErrorOf(raw, error) && error.data).toEqual(known)
    await server.close()
    const leaving = new AbortController()
    const waiting = client.call(row, { signal: leaving.signal })
    await using other = await stranger(vhost.url)
    await eventually(async () => expect(await contentOf(other, 'find')).toEqual(known))
    leaving.abort()
    await expect(waiting).rejects.toThrow()
  })
})

test('a row that is used again is sent as it was each time, also with an asynchronous schema', async ({
  rabbit,
  vhost,
}) => {
  const payload = z.object({ n: z.int().refine(async () => true) })
  const reused = { n: 0 }
  function* rows(): Generator<{ n: number }> {
    for (const n of [1, 2, 3]) {
      reused.n = n
      yield reused
    }
  }
  await new Producer(rabbit, workQueue('rows', { payload })).sendAll(rows())
  await using other = await stranger(vhost.url)
  const stored = [await contentOf(other, 'rows'), await contentOf(other, 'rows'), await contentOf(other, 'rows')]
  expect(stored).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
})

test('what JSON cannot carry is an error at its sender, and no dead letter', async ({ rabbit, vhost }) => {
  const contract = workQueue('anything', { payload: z.object({ a: z.any() }) })
  await using worker = new Worker(rabbit, contract, () => undefined)
  await worker.start()
  const producer = new Producer(rabbit, contract)
  await expect(producer.send({ a: new Map([['k', 1]]) })).rejects.toMatchObject({
    name: 'PayloadError',
    direction: 'outgoing',
    issues: [{ path: ['a'] }],
  })
  await producer.send({ a: { k: 1 } })
  await eventually(async () => expect(await vhost.queue('anything')).toMatchObject({ messages: 0 }))
  expect(await vhost.queue('anything.dead-letter')).toMatchObject({ messages: 0 })
})

test('a Uint8Array of any size is sent as it is', async ({ rabbit, vhost }) => {
  const payload = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
  const producer = new Producer(rabbit, workQueue('blobs', { payload, codec: bytes }))
  const sizes = [0, 1, 16 * 1024 - 1, 16 * 1024, 200_000]
  for (const size of sizes) await producer.send(new Uint8Array(size).fill(7))
  await using other = await stranger(vhost.url)
  for (const size of sizes) {
    const message = await other.channel.get('blobs', { noAck: true })
    expect(message !== false && message.content.equals(Buffer.alloc(size, 7))).toBe(true)
  }
})

async function contentOf({ channel }: Awaited<ReturnType<typeof stranger>>, queue: string): Promise<unknown> {
  const message = await channel.get(queue, { noAck: true })
  return message === false ? undefined : JSON.parse(message.content.toString())
}
