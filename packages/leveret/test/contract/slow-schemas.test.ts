import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type Connection,
  fanoutExchange,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  workQueue,
} from '../../src/index.js'
import { gate, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

interface Terms {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** What sends a text whose schema asks somebody first. */
interface Role {
  send(text: string, terms?: Terms): Promise<unknown>
  close(): Promise<void>
}

type Open = (rabbit: Connection, schema: z.ZodString) => Role

const producer: Open = (rabbit, payload) => {
  const role = new Producer(rabbit, workQueue('tasks', { payload }))
  return { send: (text, terms) => role.send(text, terms), close: () => role.close() }
}
const publisher: Open = (rabbit, payload) => {
  const role = new Publisher(rabbit, fanoutExchange('news', { payload }))
  return { send: (text, terms) => role.publish(text, terms), close: () => role.close() }
}
const client: Open = (rabbit, request) => {
  const role = new RpcClient(rabbit, procedure('ask', { request, response: z.string() }))
  return { send: (text, terms) => role.call(text, terms), close: () => role.close() }
}

/** A schema that answers on command. */
function asking(): { readonly schema: z.ZodString; readonly asked: Promise<void>; answer(): void } {
  const [asked, answered] = [gate(), gate()]
  const schema = z.string().refine(async () => {
    asked.open()
    await answered.opened
    return true
  })
  return { schema, asked: asked.opened, answer: answered.open }
}

describe.each([
  ['a send', producer, 'PublishError'],
  ['a publish', publisher, 'PublishError'],
  ['a call', client, 'RpcTimeoutError'],
] as const)('%s whose schema does not answer', (_what, open, error) => {
  test('ends when its time is up, and was not sent', async ({ rabbit }) => {
    const { schema } = asking()
    const sending = open(rabbit, schema).send('a', { timeoutMs: 200 })
    await expect(sending).rejects.toMatchObject({ name: error, outcome: 'not-sent', retryable: true })
    await expect(sending).rejects.toThrow(/within 200 ms: its schema.* did not finish/)
  })

  test('ends with its signal', async ({ rabbit }) => {
    const { schema, asked } = asking()
    const giveUp = new AbortController()
    const sending = open(rabbit, schema).send('a', { signal: giveUp.signal })
    await asked
    giveUp.abort(new Error('enough'))
    await expect(sending).rejects.toThrow(/enough|its signal was aborted/)
  })

  test('ends when its connection is closed', async ({ rabbit }) => {
    const { schema, asked } = asking()
    const sending = open(rabbit, schema).send('a')
    const rejected = expect(sending).rejects.toThrow(/closed/)
    await asked
    await rabbit.close({ timeoutMs: 100 })
    await rejected
  })
})

test.for([
  ['a send', producer],
  ['a publish', publisher],
  ['a call', client],
] as const)('close waits for %s whose schema still thinks', async ([, open], { rabbit, connectTo }) => {
  await using server = new RpcServer(
    await connectTo(),
    procedure('ask', { request: z.string(), response: z.string() }),
    (text) => text,
  )
  await server.start()
  const { schema, asked, answer } = asking()
  const role = open(rabbit, schema)
  const ended: string[] = []
  const sending = role.send('a').then(() => ended.push('sent'))
  await asked
  const closing = role.close().then(() => ended.push('closed'))
  await expect(role.send('b')).rejects.toThrow('closed')
  answer()
  await Promise.all([sending, closing])
  expect(ended).toEqual(['sent', 'closed'])
})
