import { expect } from 'vitest'
import { z } from 'zod'
import { procedure, RpcClient, RpcServer, text } from '../../src/index.js'
import { double } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

test.for([
  ['a queue of its own', ''],
  ['direct reply-to', 'amq.rabbitmq.reply-to'],
] as const)('a program without leveret is answered by %s', async ([, address], { rabbit, vhost }) => {
  await new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n })).start()
  await using other = await stranger(vhost.url)
  const { channel } = other
  const replies: unknown[] = []
  const queue = address === '' ? (await channel.assertQueue('', { exclusive: true })).queue : address
  const keep = (
    message: { content: Buffer; properties: { correlationId?: string; headers?: object | undefined } } | null,
  ): void => {
    replies.push([message?.properties.correlationId, JSON.parse(`${message?.content}`), message?.properties.headers])
  }
  await channel.consume(queue, keep, { noAck: true })
  channel.sendToQueue('double', Buffer.from('{"n":1}'), { replyTo: queue, correlationId: 'one' })
  await eventually(() => expect(replies).toHaveLength(1))
  channel.sendToQueue('double', Buffer.from('{"n":2}'), { replyTo: queue })
  await eventually(() => expect(replies).toHaveLength(2))
  channel.sendToQueue('double', Buffer.from('{"n":"x"}'), { replyTo: queue, correlationId: 'three' })
  await eventually(() => expect(replies).toHaveLength(3))
  expect(replies).toMatchObject([
    ['one', { doubled: 2 }, {}],
    [undefined, { doubled: 4 }, {}],
    ['three', { issues: [{ path: ['n'] }] }, { 'leveret-error': 'invalid-request' }],
  ])
})

test('a server without leveret answers with text, without headers or a content type', async ({ rabbit, vhost }) => {
  const echo = procedure('echo', {
    request: z.string(),
    response: z.string(),
    codec: text,
    queue: { type: 'classic', arguments: {} },
  })
  await using other = await stranger(vhost.url)
  const { channel } = other
  await channel.assertQueue('echo', { durable: true })
  const requests: object[] = []
  await channel.consume('echo', (message) => {
    if (message === null) return
    const { replyTo, correlationId, expiration, contentType } = message.properties
    requests.push({ replyTo, contentType, expiration: Number(expiration) })
    channel.sendToQueue(replyTo, Buffer.from(`${message.content}!`), { correlationId })
    channel.ack(message)
  })
  expect(await new RpcClient(rabbit, echo).call('grüße')).toBe('grüße!')
  expect(requests).toMatchObject([
    { replyTo: expect.stringMatching(/^amq\.rabbitmq\.reply-to\./), contentType: 'text/plain' },
  ])
  const [{ expiration } = { expiration: 0 }] = requests as { expiration: number }[]
  expect(expiration).toBeGreaterThan(1_000)
  expect(expiration).toBeLessThanOrEqual(10_000)
})
