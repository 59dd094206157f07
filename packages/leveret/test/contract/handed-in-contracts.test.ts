import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Codec, DeadLetters, PayloadError, Producer, type Schema, Worker, workQueue } from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, firstEvent, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'
import { THENABLES } from '../support/thenables.js'

forbidSurprises()

type Validate = Schema<{ n: number }>['~standard']['validate']

const task = z.object({ n: z.int() })
const checked: Validate = (value) => task['~standard'].validate(value) as ReturnType<Validate>

/** A contract whose schema is another library's. */
function contractOf(validate: (value: unknown) => unknown): ReturnType<typeof workQueue<Schema<{ n: number }>>> {
  const schema = { '~standard': { version: 1, vendor: 'test', validate } } as Schema<{ n: number }>
  return workQueue('tasks', { payload: schema, retry: false })
}

const plain = workQueue('tasks', { payload: task, retry: false })
/** For sending what does not fit. */
const loose = workQueue('tasks', { payload: z.unknown(), retry: false })

/** Every way in which something may come later. */
const LATER = [['a promise', <T>(work: Promise<T>): unknown => work], ...THENABLES] as const

describe.for(LATER)('a schema that returns %s', ([_name, later]) => {
  const contract = contractOf((value) => later(Promise.resolve(checked(value))))

  test('is waited for by the worker: the handler gets the payload, and never what does not fit', async ({ rabbit }) => {
    const seen: unknown[] = []
    const worker = new Worker(rabbit, contract, (payload) => void seen.push(payload))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, loose).sendAll([{ n: 'one' }, { n: 2 }])
    await eventually(() => expect(seen.length).toBeGreaterThan(0))
    expect(await dead).toMatchObject({ reason: 'invalid-payload' })
    expect(seen).toEqual([{ n: 2 }])
  })

  test('is waited for by the sender, and what it refuses is not sent', async ({ rabbit, vhost }) => {
    const producer = new Producer(rabbit, contract)
    await expect(producer.send({ n: 1.5 })).rejects.toBeInstanceOf(PayloadError)
    await producer.send({ n: 1 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
  })
})

test.for<[what: string, validate: () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('no database')
    },
  ],
  ['rejects', () => Promise.reject(new Error('no database'))],
  ['returns nothing', () => undefined],
  ['returns null', () => null],
  ['returns true', () => true],
  ['returns invalid issues', () => ({ issues: true })],
  ['resolves with nothing', () => Promise.resolve()],
])(
  'a schema that %s fails a send as a PayloadError, and an attempt as any failure',
  async ([_what, validate], { rabbit }) => {
    const contract = contractOf(validate)
    const sending = new Producer(rabbit, contract).send({ n: 1 })
    await expect(sending).rejects.toBeInstanceOf(PayloadError)
    await expect(sending).rejects.toMatchObject({
      direction: 'outgoing',
      issues: [{ message: 'the schema itself failed' }],
    })
    const seen: unknown[] = []
    const worker = new Worker(rabbit, contract, (payload) => void seen.push(payload))
    const ended = Promise.race([firstEvent(worker, 'delivery.dead-lettered'), firstEvent(worker, 'delivery.acked')])
    await worker.start()
    await new Producer(rabbit, loose).send({ n: 1 })
    expect(await ended).toMatchObject({ reason: 'attempts-exhausted' })
    expect(seen).toEqual([])
  },
)

describe.for(LATER)('a codec that returns %s', ([_name, later]) => {
  const codec: Codec = {
    contentType: 'application/json',
    encode: (payload) => later((async () => Buffer.from(JSON.stringify(payload)))()) as Buffer,
    decode: (content) => later((async () => JSON.parse(content.toString()) as unknown)()),
  }
  const contract = workQueue('tasks', { payload: task, codec, retry: false })

  test('is waited for at both ends', async ({ rabbit, vhost }) => {
    await new Producer(rabbit, contract).send({ n: 1 })
    await using other = await stranger(vhost.url)
    const got = await other.channel.get('tasks')
    expect(got ? got.content.toString() : got).toBe('{"n":1}')
    if (got) other.channel.nack(got)
    const seen: unknown[] = []
    await new Worker(rabbit, contract, (payload) => void seen.push(payload)).start()
    await eventually(() => expect(seen).toEqual([{ n: 1 }]))
  })

  test('and that fails later is a PayloadError like any other', async ({ rabbit }) => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    const anything = workQueue('tasks', { payload: z.unknown(), codec, retry: false })
    await expect(new Producer(rabbit, anything).send(circular)).rejects.toMatchObject({
      name: 'PayloadError',
      issues: [{ message: 'cannot be encoded as application/json' }],
    })
    const worker = new Worker(rabbit, contract, () => undefined)
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const broken = workQueue('tasks', {
      payload: z.string(),
      codec: { ...codec, encode: (text: unknown) => Buffer.from(String(text)) },
      retry: false,
    })
    await new Producer(rabbit, broken).send('{')
    expect(await dead).toMatchObject({ reason: 'invalid-payload' })
    const [letter] = await new DeadLetters(rabbit, contract).peek()
    await expect(letter?.payload()).rejects.toBeInstanceOf(PayloadError)
  })
})

test.for([
  ['a text', '{"n":1}'],
  ['nothing', undefined],
  ['an array', [123]],
  ['an ArrayBuffer', new ArrayBuffer(2)],
])('a codec that encodes to %s is a PayloadError, and nothing is sent', async ([_what, encoded], { rabbit, vhost }) => {
  const codec = { contentType: 'application/json', encode: () => encoded as unknown as Buffer, decode: () => undefined }
  await new Producer(rabbit, plain).send({ n: 0 })
  const sending = new Producer(rabbit, workQueue('tasks', { payload: task, codec, retry: false })).send({ n: 1 })
  await expect(sending).rejects.toMatchObject({
    name: 'PayloadError',
    issues: [{ message: 'cannot be encoded as application/json' }],
  })
  await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
})

test('a codec that encodes to a Uint8Array sends its bytes', async ({ rabbit, vhost }) => {
  const encode = (): Uint8Array => new TextEncoder().encode('x{"n":1}y').subarray(1, 8)
  const codec = { contentType: 'application/json', encode: encode as () => Buffer, decode: () => undefined }
  await new Producer(rabbit, workQueue('tasks', { payload: task, codec, retry: false })).send({ n: 1 })
  const seen: unknown[] = []
  await new Worker(rabbit, plain, (payload) => void seen.push(payload)).start()
  await eventually(() => expect(seen).toEqual([{ n: 1 }]))
  await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
})
