import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type Connection,
  DeadLetters,
  type ErrorOf,
  type EventOf,
  fanoutExchange,
  type HandlerOf,
  type InputOf,
  type PayloadOf,
  Producer,
  Publisher,
  procedure,
  type RequestOf,
  type ResponseInputOf,
  type ResponseOf,
  RpcClient,
  RpcServer,
  Subscriber,
  subscription,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { compile } from '../support/compile.js'

const emails = workQueue('emails', { payload: z.object({ to: z.string(), at: z.string().transform(Number) }) })
const shop = topicExchange('shop', { 'order.created': z.object({ id: z.int() }), audit: z.string().transform(Number) })
const news = fanoutExchange('news', { payload: z.string() })
const pager = subscription('pager', { of: shop, bindingKeys: ['order.#'] })
const getUser = procedure('get-user', {
  request: z.object({ id: z.string().transform(Number) }),
  response: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('found'), role: z.enum(['admin', 'guest']), at: z.tuple([z.int(), z.int()]) }),
    z.object({ kind: z.literal('none') }),
  ]),
  errors: { Gone: z.object({ since: z.string() }) },
})

/** Classes that a service keeps, each by its contract. */
interface Kept {
  readonly producer: Producer<typeof emails>
  readonly worker: Worker<typeof emails>
  readonly publisher: Publisher<typeof shop>
  readonly subscriber: Subscriber<typeof pager>
  readonly client: RpcClient<typeof getUser>
  readonly server: RpcServer<typeof getUser>
  readonly letters: DeadLetters<typeof emails>
}

const keep = (rabbit: Connection): Kept => ({
  producer: new Producer(rabbit, emails),
  worker: new Worker(rabbit, emails, () => undefined),
  publisher: new Publisher(rabbit, shop),
  subscriber: new Subscriber(rabbit, pager, () => undefined),
  client: new RpcClient(rabbit, getUser),
  server: new RpcServer(rabbit, getUser, () => ({ kind: 'none' })),
  letters: new DeadLetters(rabbit, emails),
})

test('each class takes its contract, and is one of any contract too', () => {
  expectTypeOf(keep).returns.toEqualTypeOf<Kept>()
  expectTypeOf<Producer<typeof emails>>().toExtend<Producer>()
  expectTypeOf<Worker<typeof emails>>().toExtend<Worker>()
  expectTypeOf<RpcClient<typeof getUser>>().toExtend<RpcClient>()
  expectTypeOf<RpcServer<typeof getUser>>().toExtend<RpcServer>()
})

test('what is handed over, what is got and what handles it are derived from a contract', () => {
  expectTypeOf<InputOf<typeof emails>>().toEqualTypeOf<{ to: string; at: string }>()
  expectTypeOf<PayloadOf<typeof emails>>().toEqualTypeOf<{ to: string; at: number }>()
  expectTypeOf<InputOf<typeof shop>>().toEqualTypeOf<{ id: number } | string>()
  expectTypeOf<PayloadOf<typeof shop>>().toEqualTypeOf<{ id: number } | number>()
  expectTypeOf<PayloadOf<typeof pager>>().toEqualTypeOf<{ id: number }>()
  expectTypeOf<InputOf<typeof news>>().toEqualTypeOf<string>()
  expectTypeOf<EventOf<typeof pager>['template']>().toEqualTypeOf<'order.created'>()
  expectTypeOf<InputOf<typeof getUser>>().toEqualTypeOf<{ id: string }>()
  expectTypeOf<RequestOf<typeof getUser>>().toEqualTypeOf<{ id: number }>()
  type Found = { kind: 'found'; role: 'admin' | 'guest'; at: [number, number] } | { kind: 'none' }
  expectTypeOf<ResponseOf<typeof getUser>>().toEqualTypeOf<Found>()
  expectTypeOf<ResponseInputOf<typeof getUser>>().toEqualTypeOf<Found>()
  expectTypeOf<ErrorOf<typeof getUser>['data']>().toEqualTypeOf<{ since: string }>()
  const handle: HandlerOf<typeof emails> = ({ at }, { attempt }) => at + attempt
  const answer: HandlerOf<typeof getUser> = ({ id }) =>
    id > 0 ? { kind: 'found', role: 'admin', at: [1, 2] } : { kind: 'none' }
  const listen: HandlerOf<typeof pager> = ({ payload: { id } }) => id
  expect([handle, answer, listen]).toHaveLength(3)
})

const program = `
import { type Connection, procedure, RpcServer, Worker, workQueue } from 'leveret'
import { z } from 'zod'
declare const rabbit: Connection
const level = procedure('level', { request: z.string(), response: z.enum(['low', 'high']) })
const at = procedure('at', { request: z.string(), response: z.tuple([z.string(), z.literal('m')]) })
const found = procedure('found', { request: z.string(), response: z.discriminatedUnion('kind',
  [z.object({ kind: z.literal('one'), n: z.int() }), z.object({ kind: z.literal('none') })]) })
const tasks = workQueue('tasks', { payload: z.object({ n: z.int() }) })
`

test('the handler of a server may return an enum, a tuple or a discriminated union, at once or later', async () => {
  const handlers = `
    new RpcServer(rabbit, level, (text) => text === 'x' ? 'low' : 'high')
    new RpcServer(rabbit, level, async (text) => text === 'x' ? 'low' : 'high')
    new RpcServer(rabbit, level, async (text) => { if (text === 'x') return 'low'; return 'high' })
    new RpcServer(rabbit, at, async (text) => [text, 'm'])
    new RpcServer(rabbit, found, (text) => text === '' ? { kind: 'none' } : { kind: 'one', n: 1 })
    new RpcServer(rabbit, found, async (text) => { if (text === '') return { kind: 'none' }; return { kind: 'one', n: text.length } })
  `
  expect(await compile(program + handlers)).toEqual({ isValid: true, printed: '' })
})

test.for([
  ['a wrong answer', `new RpcServer(rabbit, level, async () => 'middle')`, '"high" | "low"'],
  ['a wrong answer at once', `new RpcServer(rabbit, found, () => ({ kind: 'two' }))`, 'two'],
  ['a misspelt option', `new Worker(rabbit, tasks, () => undefined, { concurency: 5 })`, 'concurency'],
])('%s is one short error that names it', async ([, statement, named]) => {
  const { isValid, printed } = await compile(program + statement)
  expect(isValid).toBe(false)
  expect(printed.match(/error TS/g)).toHaveLength(1)
  expect(printed).toContain(named)
  expect(printed.trimEnd().split('\n').length).toBeLessThanOrEqual(4)
})
