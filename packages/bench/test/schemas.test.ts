import { expect, test } from 'vitest'
import { libraries } from '../src/validation/schemas.js'
import { type Order, orderOf, orderWith } from '../src/work/order.js'

const orders = [orderOf(64), orderOf(200), orderWith(60)]

/** Orders with a fault each. */
const wrong: unknown[] = [
  ...['id', 'pieces', 'cents', 'due', 'options'].map((key) => withLine({ [key]: 'wrong' })),
  withLine({ pieces: 0 }),
  withLine({ cents: 0.5 }),
  withLine({ options: [''] }),
  { ...orderWith(3), lines: [] },
  { ...orderWith(3), orderId: 'wrong' },
  { ...orderWith(3), placedAt: 'wrong' },
  { ...orderWith(3), note: undefined },
]

function withLine(change: object): unknown {
  const order = orderWith(3)
  return { ...order, lines: order.lines?.map((line, index) => (index === 0 ? { ...line, ...change } : line)) }
}

/** The order that a schema answers, or nothing if it refuses the value. */
async function ask(schema: (typeof libraries)[number]['schema'], value: unknown): Promise<Order | undefined> {
  const result = await schema['~standard'].validate(value)
  return result.issues === undefined ? result.value : undefined
}

test.for(libraries)('$name takes each order as it is', async ({ schema, check }) => {
  for (const order of orders) {
    expect(await ask(schema, structuredClone(order))).toEqual(order)
    expect(check(structuredClone(order))).toEqual(order)
  }
})

test.for(libraries.slice(1))('$name refuses what zod refuses', async ({ schema, check }) => {
  for (const value of wrong) {
    expect(await ask(schema, value)).toBeUndefined()
    expect(() => check(value)).toThrow()
  }
})

test.for(libraries)('$name keeps or drops keys that it does not name, as it says', async ({ schema, check, drops }) => {
  const more = (): unknown => withLine({ more: 1 })
  const expected = drops ? orderWith(3) : more()
  expect(await ask(schema, more())).toEqual(expected)
  expect(check(more())).toEqual(expected)
})
