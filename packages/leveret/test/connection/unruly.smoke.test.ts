import { describe, expect, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { bytes, Producer, text, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'

test('an error whose message is no text is kept like any other', async ({ rabbit, vhost }) => {
  const contract = workQueue('odd', { payload: z.string(), codec: text, retry: false })
  const worker = new Worker(rabbit, contract, () => {
    throw Object.assign(new Error('x'), { message: { status: 500 } })
  })
  const dead = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await new Producer(rabbit, contract).send('x')
  expect(await dead).toMatchObject({ failure: { message: 'a object' } })
  await eventually(async () => expect(await vhost.queue('odd.dead-letter')).toMatchObject({ messages: 1 }))
})

test('a schema that never answers is a handler that takes too long', async ({ rabbit }) => {
  const never = gate()
  const slow = workQueue('slow', {
    payload: z.string().refine(async () => await never.opened.then(() => true)),
    codec: text,
  })
  const worker = new Worker(rabbit, slow, () => undefined, { handlerTimeoutMs: 100 })
  const retried = firstEvent(worker, 'delivery.retried')
  await worker.start()
  const skipping = workQueue('slow', { payload: z.string(), codec: text })
  await new Producer(rabbit, skipping).send('y')
  expect(await retried).toMatchObject({ failure: { name: 'HandlerTimeout' } })
  never.open()
})

test('a handler that changes its bytes in place changes no later attempt', async ({ rabbit }) => {
  const contract = workQueue('raw', { payload: z.instanceof(Uint8Array), codec: bytes, retry: { delaysMs: [50] } })
  const seen: string[] = []
  await new Worker(rabbit, contract, (payload) => {
    seen.push(Buffer.from(payload).toString())
    payload.fill(0)
    throw new Error('again')
  }).start()
  await new Producer(rabbit, contract).send(Buffer.from('hello'))
  await eventually(() => expect(seen).toEqual(['hello', 'hello']))
})

test('a listener that fails, now or later, affects no role', async ({ rabbit }) => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  onTestFinished(() => warn.mockRestore())
  const worker = new Worker(rabbit, tasks, () => undefined)
  worker.on('delivery.acked', () => {
    throw new Error('now')
  })
  worker.on('delivery.acked', async () => await Promise.reject(new Error('later')))
  await worker.start()
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 1 })
  await producer.send({ n: 2 })
  const told = (): unknown[] => warn.mock.calls.filter(([text]) => String(text).includes("'delivery.acked' threw"))
  await eventually(() => expect(told()).toHaveLength(4))
})

describe('a poison message', () => {
  test.for([
    ['broken JSON', '{"n":', {}],
    ['the wrong shape', '{"n":"seven"}', {}],
    ['another content type', '{"n":1}', { content_type: 'application/xml' }],
    ['a prototype', '{"__proto__":{"n":1}}', {}],
  ] as const)(
    'with %s is delivered once, kept as a dead letter, and never reaches the handler',
    async ([_name, payload, properties], { rabbit, vhost, broker }) => {
      let calls = 0
      const worker = new Worker(rabbit, tasks, () => {
        calls += 1
      })
      const dead = firstEvent(worker, 'delivery.dead-lettered')
      await worker.start()
      await broker.management.publish(vhost.name, { routingKey: 'tasks', payload, properties })
      expect(await dead).toMatchObject({ attempt: 1, reason: 'invalid-payload', failure: { name: 'PayloadError' } })
      await eventually(async () => expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 1 }))
      expect(calls).toBe(0)
    },
  )
})
