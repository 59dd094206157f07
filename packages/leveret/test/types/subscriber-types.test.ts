import { expect, test } from 'vitest'
import { compile } from '../support/compile.js'

const contract = `
import { type Connection, DeadLetters, directExchange, type EventOf, stream, Subscriber, subscription, topicExchange } from 'leveret'
import { z } from 'zod'
declare const rabbit: Connection
const Created = z.object({ id: z.int() })
const Shipped = z.object({ at: z.string().transform((text) => new Date(text)) })
const shop = topicExchange('shop', { 'order.created': Created, 'order.*.shipped': Shipped, 'audit.#': z.string() })
const logs = directExchange('logs', { info: z.string(), error: Created })
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_same: Same<A, B>): void => undefined
`

test('a handler gets exactly the union of what its binding keys bring', async () => {
  const program = `${contract}
    new Subscriber(rabbit, shop, ({ payload }) => same<typeof payload, { id: number } | { at: Date }>(true),
      { bindingKeys: ['order.#'] })
    new Subscriber(rabbit, shop, ({ payload }) => same<typeof payload, { at: Date } | string>(true),
      { bindingKeys: ['order.eu.shipped', 'audit.x'] })
    new Subscriber(rabbit, logs, ({ payload }) => same<typeof payload, { id: number }>(true), { bindingKeys: ['error'] })
  `
  expect(await compile(program)).toMatchObject({ isValid: true, printed: '' })
})

test('a subscription and a stream are typed by their binding keys, and a reader by those that it asks for', async () => {
  const program = `${contract}
    const orders = subscription('orders', { of: shop, bindingKeys: ['order.#'], retry: { delaysMs: [1] }, deadLetter: { stack: true } })
    new Subscriber(rabbit, orders, ({ payload }) => same<typeof payload, { id: number } | { at: Date }>(true))
    same<EventOf<typeof orders>['template'], 'order.created' | 'order.*.shipped'>(true)
    const letters = new DeadLetters(rabbit, orders)
    const [letter] = await letters.peek()
    if (letter?.template === 'order.created') same<{ id: number }, Awaited<ReturnType<typeof letter.payload>>>(true)
    await letters.discard({ filter: ({ template }) => template === 'order.*.shipped' })
    const all = stream('all', { of: shop, bindingKeys: ['#'], retention: { maxAge: '7D' } })
    new Subscriber(rabbit, all, ({ payload }) => same<typeof payload, { id: number } | { at: Date } | string>(true))
    new Subscriber(rabbit, all, ({ payload }) => same<typeof payload, { at: Date } | string>(true),
      { offset: 'first', only: ['order.eu.shipped', 'audit.#'], orderBy: ({ payload }) => String(payload) })
  `
  expect(await compile(program)).toMatchObject({ isValid: true, printed: '' })
})

test.for([
  [`subscription('q', { of: shop, bindingKeys: ['order.#', 'oder.#'] })`, 'oder.#', 'shop'],
  [`stream('q', { of: logs, bindingKeys: ['inf*'], retention: { maxAge: '7D' } })`, 'inf*', 'logs'],
  [
    `new Subscriber(rabbit, stream('q', { of: shop, bindingKeys: ['#'] }), () => undefined, { only: ['a.b'] })`,
    'a.b',
    'shop',
  ],
])('%s does not compile, and the error names key and exchange', async ([statement, key, exchange]) => {
  const { isValid, printed } = await compile(`${contract}\n${statement}`)
  expect(isValid).toBe(false)
  expect(printed).toContain(`the binding key '${key}' can match no message of the exchange '${exchange}'`)
  expect(printed.match(/error TS/g)).toHaveLength(1)
})

test.for([
  [`subscription('q', { of: shop })`, 'bindingKeys'],
  [`subscription('q', { of: shop, bindingKeys: ['#'], retyr: false })`, 'retyr'],
  [
    `new Subscriber(rabbit, subscription('q', { of: shop, bindingKeys: ['#'] }), () => undefined, { bindingKeys: ['#'] })`,
    'bindingKeys',
  ],
  [`new Subscriber(rabbit, shop, () => undefined, { bindingKeys: ['#'], queue: 'orders' })`, 'queue'],
])('%s does not compile, and the error names %s', async ([statement, name]) => {
  const { isValid, printed } = await compile(`${contract}\n${statement}`)
  expect(isValid).toBe(false)
  expect(printed).toContain(name)
  expect(printed.match(/error TS/g)).toHaveLength(1)
})

test.for([
  [`shop, handler, { bindingKeys: ['order.#', 'oder.#'] }`, 'oder.#', 'shop'],
  [`shop, handler, { bindingKeys: ['order.shipped'] }`, 'order.shipped', 'shop'],
  [`logs, handler, { bindingKeys: ['inf*'] }`, 'inf*', 'logs'],
])(
  'new Subscriber(rabbit, %s) does not compile, and the error names key and exchange',
  async ([parameters, key, exchange]) => {
    const program = `${contract}
    const handler = (): void => undefined
    new Subscriber(rabbit, ${parameters})
  `
    const { isValid, printed } = await compile(program)
    expect(isValid).toBe(false)
    expect(printed).toContain(`the binding key '${key}' can match no message of the exchange '${exchange}'`)
    expect(printed.match(/error TS/g)).toHaveLength(1)
  },
)
