import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  bytes,
  json,
  ProcedureError,
  procedure,
  RpcClient,
  type RpcRemoteError,
  RpcServer,
  text,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { test } from '../support/support.js'

const SECRET = 'my-secret'

describe('a response without content', () => {
  test.for([
    ['z.void()', z.void(), json],
    ['z.undefined()', z.undefined(), json],
    ['z.void() beside text', z.void(), text],
    ['z.void() beside bytes', z.void(), bytes],
  ] as const)('is one where %s says so', async ([, response, codec], { rabbit }) => {
    const forget = procedure('forget', { request: z.any(), response, codec })
    const asked: unknown[] = []
    await using server = new RpcServer(rabbit, forget, (request): void => void asked.push(request))
    await server.start()
    const request = codec === bytes ? Buffer.from('a') : 'a'
    expect(await new RpcClient(rabbit, forget).call(request)).toBeUndefined()
    expect(asked).toEqual([request])
  })

  test('is one where it may be missing, and differs from an empty text', async ({ rabbit }) => {
    const find = procedure('find', { request: z.string(), response: z.string().optional(), codec: text })
    await using server = new RpcServer(rabbit, find, (name) => (name === 'nobody' ? undefined : ''))
    await server.start()
    const client = new RpcClient(rabbit, find)
    expect([await client.call('nobody'), await client.call('somebody')]).toEqual([undefined, ''])
  })

  test('is an empty text or nothing from a server that names no content type, as the contract has it', async ({
    rabbit,
    vhost,
  }) => {
    await using other = await stranger(vhost.url)
    for (const name of ['text', 'nothing']) {
      await other.channel.assertQueue(name)
      await other.channel.consume(name, (message) => {
        const { replyTo, correlationId } = message?.properties ?? {}
        other.channel.sendToQueue(replyTo, Buffer.alloc(0), { correlationId })
      })
    }
    const asText = procedure('text', { request: z.string(), response: z.string(), codec: text })
    const nothing = procedure('nothing', { request: z.string(), response: z.void() })
    expect(await new RpcClient(rabbit, asText).call('a')).toBe('')
    expect(await new RpcClient(rabbit, nothing).call('a')).toBeUndefined()
  })

  test('is refused by the client whose contract wants one', async ({ rabbit }) => {
    const served = procedure('find', { request: z.string(), response: z.void() })
    await using server = new RpcServer(rabbit, served, () => undefined)
    await server.start()
    const client = new RpcClient(rabbit, procedure('find', { request: z.string(), response: z.object({ n: z.int() }) }))
    await expect(client.call('a')).rejects.toMatchObject({ name: 'PayloadError', direction: 'incoming' })
  })

  test('goes for requests and the data of declared errors too', async ({ rabbit }) => {
    const ping = procedure('ping', { request: z.void(), response: z.int(), errors: { Gone: z.void() } })
    let isGone = false
    await using server = new RpcServer(rabbit, ping, () => {
      if (isGone) throw new ProcedureError(ping, 'Gone', undefined)
      return 1
    })
    await server.start()
    const client = new RpcClient(rabbit, ping)
    expect(await client.call(undefined)).toBe(1)
    isGone = true
    await expect(client.call(undefined)).rejects.toMatchObject({
      name: 'ProcedureError',
      code: 'Gone',
      data: undefined,
    })
  })
})

describe('a server whose answer does not fit its procedure', () => {
  const errors = { No: z.object({ why: z.string() }) }
  const find = procedure('find', { request: z.string(), response: z.object({ id: z.int() }), errors })

  test.for([
    ['response', () => ({ id: SECRET }) as never, ['id']],
    [
      'declared error',
      () => {
        throw new ProcedureError(find, 'No', { why: { secret: SECRET } } as never)
      },
      ['why'],
    ],
  ] as const)(
    'says so to the client and in its event, for a %s, without values',
    async ([, handler, path], { rabbit }) => {
      await using server = new RpcServer(rabbit, find, handler)
      const failed = new Promise((resolve) => server.on('request.failed', resolve))
      await server.start()
      const error: unknown = await new RpcClient(rabbit, find).call('a').catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        name: 'RpcRemoteError',
        reason: 'invalid-response',
        retryable: false,
        issues: [{ path }],
        message: expect.stringContaining('does not fit'),
      })
      expect(String(error)).not.toContain(SECRET)
      const event = await failed
      expect(event).toMatchObject({ reason: 'invalid-response', failure: { name: 'PayloadError' } })
      expect(JSON.stringify(event)).not.toContain(SECRET)
    },
  )

  test('has failed where the schema of the response itself fails', async ({ rabbit }) => {
    const broken = procedure('broken', {
      request: z.string(),
      response: z.int().refine(() => {
        throw new Error('a bug in the schema')
      }),
    })
    await using server = new RpcServer(rabbit, broken, () => 1)
    await server.start()
    const client = new RpcClient(rabbit, procedure('broken', { request: z.string(), response: z.int() }))
    await expect(client.call('a')).rejects.toMatchObject({ reason: 'failed', retryable: true, issues: [] })
  })

  test('has failed where its handler throws a PayloadError of its own', async ({ rabbit }) => {
    const inner = new RpcClient(rabbit, find)
    await using server = new RpcServer(rabbit, find, async () => await inner.call(5 as never))
    await server.start()
    await expect(new RpcClient(rabbit, find).call('a')).rejects.toMatchObject({ reason: 'failed', issues: [] })
  })

  test('has failed where an interceptor returns without the handler', async ({ connectTo, rabbit }) => {
    const servers = await connectTo({ interceptors: [{ handle: async () => undefined }] })
    await using server = new RpcServer(servers, find, () => ({ id: 1 }))
    const failed = new Promise((resolve) => server.on('request.failed', resolve))
    await server.start()
    await expect(new RpcClient(rabbit, find).call('a')).rejects.toMatchObject({ reason: 'failed' })
    expect(await failed).toMatchObject({ failure: { message: expect.stringContaining('interceptor') } })
  })
})

test('what a server says of a request is bounded, however much it says', async ({ rabbit, vhost }) => {
  await using other = await stranger(vhost.url)
  await other.channel.assertQueue('ask')
  await other.channel.consume('ask', (message) => {
    const { replyTo, correlationId } = message?.properties ?? {}
    const issue = { path: Array.from({ length: 1_000 }, () => 'a'), message: 'm'.repeat(100_000) }
    const content = Buffer.from(JSON.stringify({ issues: Array.from({ length: 100 }, () => issue) }))
    other.channel.sendToQueue(replyTo, content, { correlationId, headers: { 'leveret-error': 'invalid-request' } })
  })
  const ask = procedure('ask', { request: z.string(), response: z.string() })
  const error = await new RpcClient(rabbit, ask).call('a').catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'RpcRemoteError', reason: 'invalid-request' })
  const { issues } = error as RpcRemoteError
  expect(issues).toHaveLength(50)
  for (const { path, message } of issues) expect([path.length, message.length]).toEqual([50, 500])
})
