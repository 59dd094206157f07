import { expect, test } from 'vitest'
import { compile } from './compile.js'

const contract = `
import { type Connection, directExchange, Subscriber, topicExchange } from 'leveret'
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
