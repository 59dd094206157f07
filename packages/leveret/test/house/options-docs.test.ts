import { SymbolFlags } from 'typescript/unstable/sync'
import { describe, expect, test } from 'vitest'
import { LanguageService, type Option } from '../support/language-service.js'

const program = `import * as library from 'leveret'
import { type Connection, exchange, fanoutExchange, headersExchange, stream, Subscriber, subscription, topicExchange } from 'leveret'
import { z } from 'zod'
declare const rabbit: Connection
const alarms = fanoutExchange('alarms', { payload: z.string() })
const shop = topicExchange('shop', { 'order.created': z.string() })
const reports = headersExchange('reports', { payload: z.string(), headers: z.object({ kind: z.string() }) })
const hashed = exchange('hashed', { type: 'x-consistent-hash', payload: z.string() })
const orders = subscription('orders', { of: shop, bindingKeys: ['#'] })
const all = stream('all', { of: shop, bindingKeys: ['#'], retention: { maxAge: '7D' } })
subscription('durable', { of: shop, /* subscription */ })
stream('kept', { of: shop, /* stream */ })
new Subscriber(rabbit, alarms, () => undefined, { /* of fanout */ })
new Subscriber(rabbit, shop, () => undefined, { /* of topic */ })
new Subscriber(rabbit, reports, () => undefined, { /* of headers */ })
new Subscriber(rabbit, hashed, () => undefined, { /* of plugin */ })
new Subscriber(rabbit, orders, () => undefined, { /* of subscription */ })
new Subscriber(rabbit, all, () => undefined, { /* of stream */ })
export { library }
`

/** Options that depend on what else is given: an editor is asked at one call for each kind. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  subscription: ['/* subscription */'],
  stream: ['/* stream */'],
  Subscriber: [
    ...['/* of fanout */', '/* of topic */', '/* of headers */', '/* of plugin */'],
    ...['/* of subscription */', '/* of stream */'],
  ],
}

const undocumented = (options: readonly Option[]): string[] =>
  options.filter(({ documentation }) => documentation === '').map(({ path }) => path)

describe('in an editor', () => {
  test('every option of every function, constructor and method has documentation', async () => {
    const service = await LanguageService.of(program)
    const names = service.exported(SymbolFlags.Function | SymbolFlags.Class)
    const parameters = names.filter((name) => !(name in ASKED)).flatMap((name) => [...service.optionsOfCalls(name)])
    const marks = names.flatMap((name) => ASKED[name] ?? [])
    const all = [...parameters, ...marks.map((mark) => [mark, service.offeredAt(mark)] as const)]
    const options = all.flatMap(([, found]) => found)
    const counted = new Set(options.map(({ path }) => path)).size
    console.info(
      `${counted} options of ${names.length} functions and classes, ${undocumented(options).length} without documentation`,
    )
    expect(counted).toBeGreaterThan(200)
    expect(undocumented(options)).toEqual([])
    const empty = all.filter(([, found]) => found.length === 0)
    expect(empty.map(([path]) => path)).toEqual([])
  })
})
