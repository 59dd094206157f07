import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { expect } from 'vitest'
import { z } from 'zod'
import {
  type Codec,
  DeadLetters,
  json,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  Subscriber,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

/** Asynchronous both ways. */
const gzipped: Codec = {
  contentType: 'application/json',
  contentEncoding: 'gzip',
  encode: async (payload) => await promisify(gzip)(json.encode(payload)),
  decode: async (content) => json.decode(await promisify(gunzip)(content)),
}

const payload = z.object({ n: z.int(), note: z.string().default('') })
const big = { n: 1, note: 'x'.repeat(100_000) }

test('tasks of several codecs are decoded by what they say of themselves, retried, and read as dead letters', async ({
  rabbit,
  vhost,
}) => {
  const contract = workQueue('several', { payload, codec: [gzipped, json], retry: { delaysMs: [50] } })
  const seen: [number, number][] = []
  await using worker = new Worker(rabbit, contract, ({ n }, { attempt }) => {
    seen.push([n, attempt])
    throw new Error('no luck')
  })
  await worker.start()
  await new Producer(rabbit, contract).send(big)
  await using other = await stranger(vhost.url)
  for (const contentType of ['application/json', 'application/vnd.acme+json', 'text/plain', undefined]) {
    other.channel.sendToQueue('several', Buffer.from('{"n":2}'), contentType === undefined ? {} : { contentType })
  }
  await using letters = new DeadLetters(rabbit, contract)
  await eventually(async () => expect(await letters.count()).toBe(5))
  expect(seen.sort()).toEqual([[1, 1], [1, 2], ...[1, 1, 1, 1, 2, 2, 2, 2].map((attempt) => [2, attempt])])
  const kept = await letters.peek()
  const payloads = await Promise.all(kept.map(async (letter) => await letter.payload()))
  expect(payloads.sort((a, b) => a.n - b.n)).toEqual([big, ...[1, 2, 3, 4].map(() => ({ n: 2, note: '' }))])
})

test('events, calls and answers may be compressed by an asynchronous codec', async ({ rabbit }) => {
  const logs = topicExchange('logs', { '*.line': payload }, { codec: gzipped })
  const seen: unknown[] = []
  const subscriber = new Subscriber(
    rabbit,
    logs,
    (event, { contentEncoding }) => void seen.push([event.payload, contentEncoding]),
    {
      bindingKeys: ['#'],
    },
  )
  await subscriber.start()
  await new Publisher(rabbit, logs).publish('a.line', big)
  await eventually(() => expect(seen).toEqual([[big, 'gzip']]))
  const echo = procedure('echo', { request: payload, response: payload, codec: gzipped })
  await using server = new RpcServer(rabbit, echo, (request) => request)
  await server.start()
  expect(await new RpcClient(rabbit, echo).call(big)).toEqual(big)
})

test('content that a codec cannot decode later is an invalid payload, at once', async ({ rabbit, vhost }) => {
  const contract = workQueue('compressed', { payload, codec: gzipped })
  const reasons: unknown[] = []
  await using worker = new Worker(rabbit, contract, () => undefined)
  worker.on('delivery.dead-lettered', ({ reason }) => reasons.push(reason))
  await worker.start()
  await using other = await stranger(vhost.url)
  other.channel.sendToQueue('compressed', Buffer.from('{"n":1}'), { contentEncoding: 'gzip' })
  other.channel.sendToQueue('compressed', Buffer.from('{"n":1}'), {})
  await eventually(() => expect(reasons).toEqual(['invalid-payload', 'invalid-payload']))
})
