import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type ApplicationOptions, applicationOptions } from '../../src/contract/application.js'
import type { Exchange } from '../../src/contract/exchanges/exchange.js'
import {
  type ExchangeOptions,
  exchangeOptions,
  type FanoutExchangeOptions,
  fanoutOptions,
  type HeadersExchangeOptions,
  headersOptions,
  type TopicExchangeOptions,
  topicOptions,
} from '../../src/contract/exchanges/exchange-options.js'
import { type PluginExchangeOptions, pluginOptions } from '../../src/contract/exchanges/plugin-exchange.js'
import type { Schema } from '../../src/contract/payloads/schema.js'
import {
  type DeclaredErrors,
  type ProcedureOptions,
  procedureOptions,
} from '../../src/contract/procedures/procedure.js'
import {
  type DeadLetterOptions,
  deadLetterOptions,
  deadLetterSettings,
} from '../../src/contract/queues/dead-letter-options.js'
import type { Impossible } from '../../src/contract/queues/impossible.js'
import { type QueueContractOptions, queueContractOptions } from '../../src/contract/queues/queue-contract.js'
import { type QueueOptions, queueOptions } from '../../src/contract/queues/queue-options.js'
import { type StreamQueueOptions, streamOptions } from '../../src/contract/queues/stream.js'
import { type SubscriptionQueueOptions, subscriptionOptions } from '../../src/contract/queues/subscription.js'
import { type WorkQueueOptions, workQueueOptions } from '../../src/contract/queues/work-queue.js'
import { json } from '../../src/index.js'

/** What is left when nothing is `readonly`, and nothing impossible. */
type Plain<T> =
  T extends Impossible<string>
    ? never
    : T extends (...args: never) => unknown
      ? T
      : T extends { readonly '~standard': unknown } | { readonly kind: string } | { encode: unknown }
        ? T
        : T extends object
          ? { -readonly [K in keyof T]: Plain<T[K]> }
          : T
type Checked<S extends z.ZodType> = Plain<z.input<S>>
type Bindings = 'bindingKeys' | 'headers'

/** All but `retry`, a union that is compared by itself. */
type Rest<T> = Plain<Omit<T, 'retry'>>
type CheckedRest<S extends z.ZodType> = Omit<Checked<S>, 'retry'>

test('the options of contracts are what their schemas check', () => {
  expectTypeOf<Plain<QueueOptions>>().toEqualTypeOf<Checked<typeof queueOptions>>()
  expectTypeOf<Plain<DeadLetterOptions>>().toEqualTypeOf<Checked<typeof deadLetterOptions>>()
  expectTypeOf<Rest<QueueContractOptions>>().toEqualTypeOf<CheckedRest<typeof queueContractOptions>>()
  expectTypeOf<Rest<WorkQueueOptions<Schema>>>().toEqualTypeOf<CheckedRest<typeof workQueueOptions>>()
  type Own = Omit<ProcedureOptions<Schema, Schema, DeclaredErrors>, 'codec' | 'queue' | 'version' | 'existing'>
  expectTypeOf<Plain<Own>>().toEqualTypeOf<Checked<typeof procedureOptions>>()
  type OfQueue = Omit<ProcedureOptions<Schema, Schema, DeclaredErrors>, keyof Own>
  expectTypeOf<Plain<OfQueue>>().toEqualTypeOf<Pick<Checked<typeof workQueueOptions>, keyof OfQueue>>()
  expectTypeOf<Plain<ExchangeOptions>>().toEqualTypeOf<Checked<typeof exchangeOptions>>()
  expectTypeOf<Plain<FanoutExchangeOptions<Schema>>>().toEqualTypeOf<Checked<typeof fanoutOptions>>()
  expectTypeOf<Plain<HeadersExchangeOptions<Schema, Schema>>>().toEqualTypeOf<Checked<typeof headersOptions>>()
  expectTypeOf<Plain<TopicExchangeOptions>>().toEqualTypeOf<Checked<typeof topicOptions>>()
  type Plugin = Plain<Omit<PluginExchangeOptions<Schema>, 'type'> & { readonly type: string }>
  expectTypeOf<Plugin>().toEqualTypeOf<Checked<typeof pluginOptions>>()
  expectTypeOf<Rest<SubscriptionQueueOptions<Exchange>>>().toEqualTypeOf<
    Omit<CheckedRest<typeof subscriptionOptions>, Bindings>
  >()
  expectTypeOf<Plain<StreamQueueOptions<Exchange>>>().toEqualTypeOf<Omit<Checked<typeof streamOptions>, Bindings>>()
  type Retry = Checked<typeof queueContractOptions>['retry']
  expectTypeOf<Plain<QueueContractOptions['retry']>>().toExtend<Retry>()
  expectTypeOf<Retry>().toExtend<Plain<QueueContractOptions['retry']>>()
  expectTypeOf<keyof ApplicationOptions>().toEqualTypeOf<keyof Checked<typeof applicationOptions>>()
})

/** Files with interfaces of options, and their schemas. */
const DOCUMENTED: readonly (readonly [file: string, name: string, schema: z.ZodObject])[] = [
  ['queues/queue-options', 'QueueOptions', queueOptions],
  [
    'queues/dead-letter-options',
    'DeadLetterOptions',
    // It is filled in later, because it must not be given beside `arguments` or `existing`.
    z.object({
      ...deadLetterOptions.shape,
      type: z.string().default(String(Object(deadLetterSettings('q', { existing: false, stack: false }, '')).type)),
    }),
  ],
  ['queues/queue-contract', 'QueueContractOptions', queueContractOptions],
  ['queues/work-queue', 'WorkQueueOptions', workQueueOptions],
  ['procedures/procedure', 'ProcedureOptions', workQueueOptions.extend(procedureOptions.shape)],
  ['exchanges/exchange-options', 'ExchangeOptions', exchangeOptions],
  ['exchanges/exchange-options', 'FanoutExchangeOptions', fanoutOptions],
  ['exchanges/exchange-options', 'HeadersExchangeOptions', headersOptions],
  ['exchanges/exchange-options', 'TopicExchangeOptions', topicOptions],
  ['exchanges/plugin-exchange', 'PluginExchangeOptions', pluginOptions],
  ['queues/subscription', 'SubscriptionQueueOptions', subscriptionOptions],
  ['queues/stream', 'StreamQueueOptions', streamOptions],
  ['application', 'ApplicationOptions', applicationOptions],
]

interface Property {
  readonly name: string
  readonly isOptional: boolean
  readonly comment: string
}

/** The properties of an interface, with the doc comment of each. */
function propertiesOf(file: string, name: string): readonly Property[] {
  const source = readFileSync(fileURLToPath(new URL(`../../src/contract/${file}.ts`, import.meta.url)), 'utf8')
  const [body = ''] = new RegExp(String.raw`interface ${name}\b[^{]*\{\n[\s\S]*?\n\}`).exec(source) ?? []
  const found = body.matchAll(/^ {2}(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?readonly (\w+)(\??):/gm)
  return [...found].map(([, comment = '', property = '', mark]) => ({
    name: property,
    isOptional: mark === '?',
    comment,
  }))
}

/** Texts that stand for no value: what is there is left to something else. */
const OTHER_DEFAULT = /^(none|the |those |all |`)/

test.for(DOCUMENTED)(
  '%s: each option of %s is documented, with the default that its schema has',
  ([file, name, schema]) => {
    const properties = propertiesOf(file, name)
    expect(properties.length).toBeGreaterThan(0)
    for (const { name: option, isOptional, comment } of properties) {
      const [, documented] = /@defaultValue ([^\n]*?)\s*(?:\*\/)?$/.exec(comment.trim()) ?? []
      expect([option, comment.trim().length > 20]).toEqual([option, true])
      expect([option, documented !== undefined]).toEqual([option, isOptional])
      if (documented === undefined) continue
      const without = resultOf(schema, option, {})
      if (OTHER_DEFAULT.test(documented)) expect([option, without]).toEqual([option, undefined])
      else expect([option, without]).toEqual([option, resultOf(schema, option, { value: readValue(documented) })])
    }
  },
)

/** What a schema makes of one option. */
function resultOf({ shape }: z.ZodObject, option: string, given: { readonly value?: unknown }): unknown {
  return z.object({ value: shape[option] ?? z.never() }).parse(given).value
}

/** Reads `json`, `'text'`, `1_000`, `[]`, `{ delaysMs: [1_000] }`. */
function readValue(written: string): unknown {
  if (written === 'json') return json
  return JSON.parse(
    written
      .replaceAll(/(?<=\d)_(?=\d)/g, '')
      .replaceAll("'", '"')
      .replaceAll(/(\w+):/g, '"$1":'),
  )
}
