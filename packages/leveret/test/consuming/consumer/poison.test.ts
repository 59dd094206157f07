import type { Options } from 'amqplib'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Delivery, Producer, Worker, workQueue } from '../../../src/index.js'
import { drain } from '../../support/letters.js'
import { stranger } from '../../support/stranger.js'
import { eventually, firstEvent, tasks, test } from '../../support/support.js'

/** What no handler of `tasks` must ever see. */
const POISON: readonly (readonly [what: string, content: string | Buffer, options: Options.Publish])[] = [
  ['cut JSON', '{"n":', {}],
  ['nothing', '', {}],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), {}],
  ['UTF-16', Buffer.from('{"n":1}', 'utf16le'), {}],
  ['null', 'null', {}],
  ['an array', '[1]', {}],
  ['the wrong shape', '{"n":"one"}', {}],
  ['a number too large', '{"n":1e999}', {}],
  ['brackets a hundred thousand deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, {}],
  ['text', '{"n":1}', { contentType: 'application/xml' }],
  ['an invalid content type', '{"n":1}', { contentType: ';;,' }],
  ['compressed content', '{"n":1}', { contentType: 'application/json', contentEncoding: 'gzip' }],
  ['an unknown content encoding', '{"n":1}', { contentEncoding: 'rot13' }],
]

test('poison of every kind is delivered once, kept as it came, and keeps no other task waiting', async ({
  rabbit,
  vhost,
}) => {
  const handled: number[] = []
  const ended: unknown[] = []
  const worker = new Worker(rabbit, tasks, ({ n }) => void handled.push(n), { concurrency: 1 })
  worker.on('delivery.dead-lettered', ({ messageId, attempt, reason }) => ended.push([messageId, attempt, reason]))
  for (const other of ['retried', 'dropped', 'stale', 'stuck'] as const) {
    worker.on(`delivery.${other}`, () => ended.push(other))
  }
  worker.on('channel.lost', ({ reason }) => ended.push(reason))
  await worker.start()
  await using other = await stranger(vhost.url)
  for (const [messageId, content, options] of POISON) {
    other.channel.sendToQueue('tasks', Buffer.from(content), { ...options, messageId })
  }
  other.channel.sendToQueue('tasks', Buffer.from('{"n":7}'), { contentType: 'application/json; charset=utf-8' })
  await eventually(() => expect(handled).toEqual([7]))
  expect(ended).toEqual(POISON.map(([what]) => [what, 1, 'invalid-payload']))
  await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))

  for (const [messageId, content, options] of POISON) {
    const letter = await other.channel.get('tasks.dead-letter', { noAck: true })
    if (letter === false) return expect.unreachable()
    expect(letter.properties).toMatchObject({ messageId, ...options, headers: { 'leveret-reason': 'invalid-payload' } })
    expect(letter.content.equals(Buffer.from(content))).toBe(true)
  }
  expect(await drain(rabbit, 'tasks.dead-letter')).toEqual([])
})

test('a payload of 200,000 levels is handled where the schema takes anything, sent again, and given up where it recurses', async ({
  rabbit,
  vhost,
}) => {
  const anything = workQueue('anything', { payload: z.unknown(), retry: { delaysMs: [50] } })
  const recursive = workQueue('recursive', { payload: z.json(), retry: { delaysMs: [50] } })
  const ended: unknown[] = []
  for (const contract of [anything, recursive]) {
    const worker = new Worker(rabbit, contract, (_value, { attempt }) => {
      if (attempt === 1) throw new Error('again')
    })
    worker.on('delivery.acked', ({ attempt }) => ended.push([contract.name, 'acked', attempt]))
    worker.on('delivery.dead-lettered', ({ attempt, reason }) => ended.push([contract.name, reason, attempt]))
    worker.on('delivery.stuck', ({ error }) => ended.push(error))
    await worker.start()
  }
  await using other = await stranger(vhost.url)
  const content = Buffer.from(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)
  for (const { name } of [anything, recursive]) other.channel.sendToQueue(name, content)
  await eventually(() => expect(ended).toHaveLength(2))
  expect(ended).toContainEqual(['anything', 'acked', 2])
  expect(ended).toContainEqual(['recursive', 'attempts-exhausted', 2])
})

test('a schema that throws fails the attempt, and is not poison: another version of the worker may handle it', async ({
  rabbit,
  vhost,
}) => {
  const payload = z.unknown().transform(() => {
    throw new TypeError('a bug in the schema')
  })
  const buggy = workQueue('buggy', { payload, retry: { delaysMs: [50] } })
  const worker = new Worker(rabbit, buggy, () => undefined)
  const retried = firstEvent(worker, 'delivery.retried')
  const dead = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await using other = await stranger(vhost.url)
  other.channel.sendToQueue('buggy', Buffer.from('{}'))
  expect(await retried).toMatchObject({ attempt: 1, failure: { name: 'TypeError', message: 'a bug in the schema' } })
  expect(await dead).toMatchObject({ attempt: 2, reason: 'attempts-exhausted' })
})

describe('a prototype in the payload', () => {
  const shape = { n: z.int() }
  const evil = '{"polluted":true}'
  const bodies = [
    `{"n":1,"__proto__":${evil}}`,
    `{"n":1,"constructor":{"prototype":${evil}}}`,
    `{"n":1,"inner":{"__proto__":${evil}}}`,
  ]

  test.for([
    ['strips what it does not know', z.object(shape), 3],
    ['refuses what it does not know', z.strictObject(shape), 0],
    ['keeps what it does not know', z.looseObject(shape), 3],
    ['is a record of anything', z.record(z.string(), z.unknown()), 3],
    ['is anything', z.unknown(), 3],
  ] as const)('is only data where the schema %s', async ([_how, payload, expected], { rabbit, vhost }) => {
    const contract = workQueue('protos', { payload, retry: false })
    const handled: unknown[] = []
    let dead = 0
    const worker = new Worker(rabbit, contract, (value) => void handled.push(value))
    worker.on('delivery.dead-lettered', () => {
      dead += 1
    })
    await worker.start()
    await using other = await stranger(vhost.url)
    for (const body of bodies) other.channel.sendToQueue('protos', Buffer.from(body))
    await eventually(() => expect([handled.length, dead]).toEqual([expected, 3 - expected]))
    for (const value of handled) expectClean(value)
    expectClean({})
  })

  test('sent by a Producer is only data too', async ({ rabbit }) => {
    const loose = workQueue('loose', { payload: z.looseObject(shape) })
    const handled: unknown[] = []
    await new Worker(rabbit, loose, (value) => void handled.push(value)).start()
    await new Producer(rabbit, loose).send(JSON.parse(bodies[0] ?? '') as { n: number })
    await eventually(() => expect(handled).toHaveLength(1))
    expectClean(handled[0])
  })
})

test.for([
  ['a table', { polluted: true }],
  ['bytes', Buffer.from('polluted')],
  ['an array', ['polluted']],
] as const)(
  'prototypes in the headers that are %s are only data, on every attempt and on the dead letter',
  async ([_what, evil], { rabbit, vhost }) => {
    const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'then']
    const table = Object.fromEntries(names.map((name) => [name, evil]))
    const seen: Delivery[] = []
    const worker = new Worker(rabbit, tasks, (_task, delivery) => {
      seen.push(delivery)
      throw new Error('again')
    })
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await using other = await stranger(vhost.url)
    const headers = Object.fromEntries([...Object.entries(table), ['nested', table]])
    other.channel.sendToQueue('tasks', Buffer.from('{"n":1}'), { headers })
    expect(await dead).toMatchObject({ attempt: 3, reason: 'attempts-exhausted' })
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    for (const { headers } of seen) {
      expect(headers).toMatchObject({ constructor: evil, toString: evil })
      for (const table of [headers, headers.nested]) {
        expect(Object.getPrototypeOf(table)).toBeNull()
        expect((table as { polluted?: unknown }).polluted).toBeUndefined()
      }
    }
    expectClean({})
    expect(await drain(rabbit, 'tasks.dead-letter')).toHaveLength(1)
  },
)

/** Neither it nor anything else has got a property from outside that it does not own. */
function expectClean(value: unknown): void {
  expect([Object.prototype, null]).toContain(Object.getPrototypeOf(value))
  expect((value as { polluted?: unknown }).polluted).toBeUndefined()
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  expect((class {} as { polluted?: unknown }).polluted).toBeUndefined()
}
