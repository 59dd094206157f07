import { SymbolFlags } from 'typescript/unstable/sync'
import { describe, expect, test } from 'vitest'
import { LanguageService, type Option } from './language-service.js'

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
new Subscriber(rabbit, alarms, () => undefined, /* fanout */ {})
new Subscriber(rabbit, shop, () => undefined, /* topic */ {})
new Subscriber(rabbit, reports, () => undefined, /* headers */ {})
new Subscriber(rabbit, hashed, () => undefined, /* plugin */ {})
new Subscriber(rabbit, orders, () => undefined, /* subscription */ {})
new Subscriber(rabbit, all, () => undefined, /* stream */ {})
export { library }
`

/** Options that depend on the contract: an editor is asked at one call for each kind. */
const BY_CONTRACT = [
  '/* fanout */',
  '/* topic */',
  '/* headers */',
  '/* plugin */',
  '/* subscription */',
  '/* stream */',
]

/** Contracts. */
const SKIPPED = new Set([
  'application',
  'directExchange',
  'exchange',
  'fanoutExchange',
  'headersExchange',
  'procedure',
  'stream',
  'subscription',
  'topicExchange',
  'workQueue',
])

const undocumented = (options: readonly Option[]): string[] =>
  options.filter(({ documentation }) => documentation === '').map(({ path }) => path)

describe('in an editor', () => {
  test('every option of every function, constructor and method has documentation', async () => {
    const service = await LanguageService.of(program)
    const names = service.exported(SymbolFlags.Function | SymbolFlags.Class).filter((name) => !SKIPPED.has(name))
    const parameters = new Map(names.flatMap((name) => [...service.optionsOfCalls(name)]))
    const offered = BY_CONTRACT.map((mark) => [mark, service.offeredAfter(mark)] as const)
    const options = [...parameters, ...offered].flatMap(([, found]) => found)
    const counted = new Set(options.map(({ path }) => path)).size
    console.info(
      `${counted} options of ${names.length} functions and classes, ${undocumented(options).length} without documentation`,
    )
    expect(counted).toBeGreaterThan(200)
    expect(undocumented(options)).toEqual([])
    const empty = [...parameters, ...offered].filter(([, found]) => found.length === 0)
    expect(empty.map(([path]) => path)).toEqual([])
  })
})
