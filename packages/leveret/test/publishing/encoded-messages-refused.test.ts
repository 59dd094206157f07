import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type EncodedMessage,
  encodeMessage,
  headersExchange,
  json,
  Publisher,
  type StoredMessage,
  sendEncoded,
  workQueue,
} from '../../src/index.js'
import { tasks, test } from '../support/support.js'

describe.each(['codec', 'schema', 'headers'] as const)('encodeMessage whose %s does not answer', (which) => {
  const never = (): Promise<never> => new Promise(() => undefined)
  const encode = (options: { timeoutMs?: number; signal?: AbortSignal }): Promise<EncodedMessage> => {
    const all = { messageId: 'm1', ...options }
    const hanging = z.string().refine(never)
    if (which === 'codec')
      return encodeMessage(workQueue('tasks', { payload: z.string(), codec: { ...json, encode: never } }), 'a', all)
    if (which === 'schema') return encodeMessage(workQueue('tasks', { payload: hanging }), 'a', all)
    const exchange = headersExchange('headed', { headers: z.object({ h: hanging }), payload: z.string() })
    return encodeMessage(exchange, { h: 'a' }, 'a', all)
  }
  const notSent = { name: 'PublishError', outcome: 'not-sent', retryable: true, messageId: 'm1' }

  test('ends when its time is up', async () => {
    const encoding = encode({ timeoutMs: 50 })
    await expect(encoding).rejects.toMatchObject(notSent)
    await expect(encoding).rejects.toThrow('could not be encoded within 50 ms: its schema or codec did not finish')
  })

  test('ends with its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(encode({ signal })).rejects.toMatchObject({ ...notSent, cause: { message: 'enough' } })
  })
})

test('a publish whose headers are checked by a schema that does not answer ends when its time is up', async ({
  rabbit,
}) => {
  const h = z.string().refine(() => new Promise<never>(() => undefined))
  const exchange = headersExchange('headed', { headers: z.object({ h }), payload: z.string() })
  const publishing = new Publisher(rabbit, exchange).publish({ h: 'a' }, 'a', { timeoutMs: 50 })
  await expect(publishing).rejects.toMatchObject({ name: 'PublishError', outcome: 'not-sent', retryable: true })
})

describe('sendEncoded', () => {
  test('says that the connection has been closed, whether or not it was used', async ({ rabbit, connectTo }) => {
    const message = await encodeMessage(tasks, { n: 1 })
    const unused = await connectTo()
    await sendEncoded(rabbit, message).catch(() => undefined)
    for (const connection of [rabbit, unused]) {
      await connection.close()
      const error = await sendEncoded(connection, message).catch((thrown: unknown) => thrown)
      const closed = { name: 'ClosedError', retryable: false }
      expect(error).toMatchObject(connection === unused ? closed : { outcome: 'not-sent', cause: closed })
    }
  })

  test.for<[what: string, change: (message: EncodedMessage) => unknown, where: string]>([
    [
      'nothing',
      () => undefined,
      'sendEncoded: the message is undefined: expected the message that encodeMessage() resolves with',
    ],
    ['null', () => null, 'sendEncoded: the message is null: expected the message that encodeMessage() resolves with'],
    [
      'several',
      (message) => [message],
      'sendEncoded: the message is a list: expected the message that encodeMessage() resolves with',
    ],
    ['a promise', (message) => Promise.resolve(message), 'sendEncoded: the message is a promise: expected the message'],
    [
      'a text',
      (message) => JSON.stringify(message),
      'the message is a text: expected the message that encodeMessage() resolves with. Read a stored one with JSON.parse()',
    ],
    [
      'content that is no base64',
      (message) => ({ ...message, content: '{"n":1}' }),
      "content: is text but not base64: use Buffer.toString('base64'): expected bytes, base64, or a Buffer as JSON writes it",
    ],
    ['no content', ({ content: _content, ...message }) => message, 'content: is missing: expected bytes'],
    ['a number as content', (message) => ({ ...message, content: 5 }), 'content: is a number: expected bytes'],
    [
      'content of numbers that are no bytes',
      (message) => ({ ...message, content: { type: 'Buffer', data: [256] } }),
      'content: has data that are not bytes: expected',
    ],
    ['no id', (message) => ({ ...message, properties: {} }), 'properties.messageId'],
    [
      'an unknown property',
      (message) => ({ ...message, properties: { ...message.properties, clusterId: 'a' } }),
      'clusterId',
    ],
    ['a header of the broker', withHeaders({ 'x-death': [] }), 'x-death'],
    ['a header of leveret', withHeaders({ 'leveret-attempt': 3 }), 'leveret-attempt'],
    ['CC that is no list of keys', withHeaders({ CC: 'a' }), 'CC'],
    ['a header that has no form', withHeaders({ at: new Date() }), 'Date'],
    [
      'an expiration that is no number',
      (message) => ({ ...message, properties: { ...message.properties, expiration: '1s' } }),
      'expiration',
    ],
    ['something else', (message) => ({ ...message, more: 1 }), 'more'],
  ])('refuses %s', async ([_what, change, where], { rabbit }) => {
    const message = await encodeMessage(tasks, { n: 1 })
    const error = { name: 'OptionsError', message: expect.stringContaining(where) }
    await expect(sendEncoded(rabbit, change(message) as StoredMessage)).rejects.toMatchObject(error)
  })
})

function withHeaders(headers: object): (message: EncodedMessage) => unknown {
  return (message) => ({ ...message, properties: { ...message.properties, headers } })
}
