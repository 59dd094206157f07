import { expect, test } from 'vitest'
import { LanguageService } from '../support/language-service.js'

const program = `import * as library from 'leveret'
import { z } from 'zod'
declare const rabbit: library.Connection
const User = z.object({ id: z.int(), name: z.string().optional(), at: z.string().transform((text) => new Date(text)) })
const users = library.workQueue('users', { payload: User })
const shop = library.topicExchange('shop', { 'order.*': z.object({ id: z.int() }), audit: z.string() })
const orders = library.subscription('orders', { of: shop, bindingKeys: ['order.*'] })
const getUser = library.procedure('get-user', { request: z.object({ id: z.int() }), response: User })
new library.Worker(rabbit, users, (payload_, delivery_) => undefined)
new library.Worker(rabbit, users, (items_) => undefined, { batch: { size: 2, waitMs: 1 } })
new library.Subscriber(rabbit, orders, (event_) => undefined)
new library.RpcServer(rabbit, getUser, (request_) => ({ id: 1, at: '2026-01-01' }))
const answer_ = await new library.RpcClient(rabbit, getUser).call({ id: 1 })
type Payload_ = library.PayloadOf<typeof users>
type Input_ = library.InputOf<typeof users>
const payloadOf_ = {} as Payload_
const inputOf_ = {} as Input_
`

const USER = '{ id: number; name?: string | undefined; at: Date; }'

test('an editor shows what a payload is, and nothing of zod', async () => {
  const service = await LanguageService.of(program)
  expect(service.typeAt('payload_')).toBe(USER)
  expect(service.typeAt('answer_')).toBe(USER)
  expect(service.typeAt('payloadOf_')).toBe(USER)
  expect(service.typeAt('inputOf_')).toBe('{ id: number; name?: string | undefined; at: string; }')
  expect(service.typeAt('request_')).toBe('{ id: number; }')
  expect(service.typeAt('event_')).toBe('RoutedEvent<"order.*", { id: number; }>')
  expect(service.typeAt('items_')).toBe(`readonly BatchItem<${USER}>[]`)
  expect(service.typeAt('delivery_')).toBe('Delivery')
})
