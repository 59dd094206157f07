import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  directExchange,
  fanoutExchange,
  headersExchange,
  topicExchange,
} from '../../src/contract/exchanges/exchange.js'
import type { ExchangeOptions } from '../../src/contract/exchanges/exchange-options.js'
import { TemplateContracts } from '../../src/contract/exchanges/template-contracts.js'
import { OptionsError } from '../../src/errors/options-error.js'
import { exchangeDeclarationsOf } from '../../src/topology/exchange-declarations.js'

const payload = z.string()

// These settings are a wire format. A change here is a 406 for every exchange that exists: it needs a new major version.
test('the declared settings are frozen', () => {
  const plain = { durable: true, autoDelete: false, internal: false, arguments: {} }
  const contracts = [
    fanoutExchange('e', { payload }),
    directExchange('e', { key: payload }),
    topicExchange('e', { key: payload }),
    headersExchange('e', { payload, headers: z.object({}) }),
  ]
  expect(contracts.map(exchangeDeclarationsOf)).toEqual(
    ['fanout', 'direct', 'topic', 'headers'].map((type) => [{ kind: 'exchange', name: 'e', type, ...plain }]),
  )
})

test('everything said of an exchange is declared, and nothing else', () => {
  const contract = fanoutExchange('e', {
    payload,
    durable: false,
    autoDelete: true,
    internal: true,
    alternate: 'unrouted',
    arguments: { 'x-own': 1 },
    boundTo: [
      { exchange: 'a' },
      { exchange: 'b', bindingKey: 'order.#' },
      { exchange: 'c', arguments: { 'x-match': 'all' } },
    ],
    version: '2',
  })
  const binding = { kind: 'binding', to: 'exchange', destination: 'e' }
  expect(exchangeDeclarationsOf(contract)).toEqual([
    {
      kind: 'exchange',
      name: 'e',
      type: 'fanout',
      durable: false,
      autoDelete: true,
      internal: true,
      arguments: { 'x-own': 1, 'alternate-exchange': 'unrouted' },
    },
    { ...binding, source: 'a', bindingKey: '', arguments: {} },
    { ...binding, source: 'b', bindingKey: 'order.#', arguments: {} },
    { ...binding, source: 'c', bindingKey: '', arguments: { 'x-match': 'all' } },
  ])
})

test('a contract cannot be changed, and what it was made of may be', () => {
  const templates = { a: payload }
  const contract = topicExchange('e', templates)
  Object.assign(templates, { b: payload })
  expect(Object.keys(contract.templates)).toEqual(['a'])
  expect([contract, contract.exchange, contract.templates].map(Object.isFrozen)).toEqual([true, true, true])
})

describe('two templates that one routing key can match', () => {
  test.for([
    ['order.*', 'order.created'],
    ['order.#', '*.created'],
    ['#', 'a'],
    ['#.a', 'b.#'],
    ['a.#.b', 'a.*.b'],
  ] as const)('%s and %s are refused', ([left, right]) => {
    expect(() => topicExchange('shop', { [left]: payload, [right]: payload })).toThrow(
      new OptionsError(
        `topicExchange('shop'): a routing key can match both '${left}' and '${right}'. Make them differ, or set overlap: 'most-specific'`,
      ),
    )
  })

  test("are decided by overlap: 'most-specific': the first word in which they differ", () => {
    const templates = {
      '#': payload,
      'order.#': payload,
      'order.*': payload,
      'order.created': payload,
      '*.created': payload,
    }
    const contracts = new TemplateContracts(topicExchange('shop', templates, { overlap: 'most-specific' }))
    const templateOf = (key: string): string | undefined => contracts.find(key)?.template
    expect(templateOf('order.created')).toBe('order.created')
    expect(templateOf('order.paid')).toBe('order.*')
    expect(templateOf('order.eu.shipped')).toBe('order.#')
    expect(templateOf('order')).toBe('order.#')
    expect(templateOf('invoice.created')).toBe('*.created')
    expect(templateOf('')).toBe('#')
  })

  test('are none in a direct exchange, which knows no patterns', () => {
    const contracts = new TemplateContracts(directExchange('e', { '*': payload, a: payload, 'a.#': payload }))
    expect(contracts.find('a')?.template).toBe('a')
    expect(contracts.find('*')?.template).toBe('*')
    expect(contracts.find('a.b')).toBeUndefined()
  })
})

describe('a description that RabbitMQ or the types contradict is refused', () => {
  const wrong: [string, Partial<ExchangeOptions> & Record<string, unknown>, string][] = [
    ['no schema', { payload: {} }, 'payload: expected a schema'],
    ['a schema that is null', { payload: null }, 'payload: expected a schema'],
    ['a value that is no codec', { codec: 'json' as never }, 'codec: expected a codec'],
    ['a word that means nothing', { durabel: true }, 'there is no option durabel'],
    ['overlap where there are no patterns', { overlap: 'refuse' }, 'there is no option overlap'],
    ['an argument that AMQP cannot carry', { arguments: { x: 10n } }, 'arguments: x: a bigint'],
    ['an alternate without a name', { alternate: '' }, 'alternate'],
    [
      'two alternates',
      { alternate: 'a', arguments: { 'alternate-exchange': 'b' } },
      'already name an alternate-exchange',
    ],
    ['a source with a long name', { boundTo: [{ exchange: 'é'.repeat(128) }] }, 'boundTo.0.exchange: an exchange name'],
    ['a long binding key', { boundTo: [{ exchange: 'a', bindingKey: 'é'.repeat(128) }] }, 'boundTo.0.bindingKey'],
    ['an empty version', { version: '' }, 'version'],
  ]
  test.for(wrong)('%s', ([, options, hint]) => {
    const make = (): unknown => fanoutExchange('e', { payload, ...options })
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(`fanoutExchange('e'): `)
    expect(make).toThrow(hint)
  })

  test.for(['', 'x'.repeat(256), 'é'.repeat(128)])('the name %s', (name) => {
    expect(() => fanoutExchange(name, { payload })).toThrow(OptionsError)
    expect(() => topicExchange(name, { a: payload })).toThrow(OptionsError)
  })

  test('a name of 255 bytes is none of these', () => {
    expect(fanoutExchange('x'.repeat(255), { payload }).name).toHaveLength(255)
  })

  test('templates without keys', () => {
    expect(() => directExchange('e', {})).toThrow("directExchange('e'): expected at least one routing key")
    expect(() => topicExchange('e', { 'a.b': {} as typeof payload })).toThrow(
      "topicExchange('e'): a.b: expected a schema",
    )
    expect(() => directExchange('e', { ['é'.repeat(128)]: payload })).toThrow('at most 255 bytes')
    expect(() => topicExchange('e', undefined as never)).toThrow(OptionsError)
    expect(() => fanoutExchange('e', undefined as never)).toThrow(OptionsError)
    const headers = 'format' as never
    expect(() => headersExchange('e', { headers, payload })).toThrow("headersExchange('e'): headers: expected a schema")
  })
})
