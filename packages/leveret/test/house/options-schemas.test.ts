import { SymbolFlags } from 'typescript/unstable/sync'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { signalOptions } from '../../src/connection/close-on-signals.js'
import { closeOptions } from '../../src/connection/closing.js'
import { connectOptions } from '../../src/connection/connect-options.js'
import { issuedCredentials } from '../../src/connection/lanes/credentials.js'
import { breakerOptions } from '../../src/consuming/handling/breaker.js'
import { memoryStoreOptions } from '../../src/consuming/handling/memory-deduplication-store.js'
import { handlingOptions } from '../../src/consuming/handling/worker-options.js'
import { discardOptions, moveOptions, peekOptions, replayOptions } from '../../src/dead-letters/letter-options.js'
import type * as leveret from '../../src/index.js'
import { messageOptions, propertyOptions, sendingOptions } from '../../src/publishing/compose.js'
import { encodeOptions } from '../../src/publishing/encoded-message.js'
import { dryRunOptions } from '../../src/roles/dry-run.js'
import { sendOptions } from '../../src/roles/producer.js'
import { publishOptions } from '../../src/roles/publisher.js'
import { callOptions, clientOptions } from '../../src/roles/rpc-client.js'
import { serverOptions } from '../../src/roles/rpc-server.js'
import { ephemeralOptions, readerOptions } from '../../src/subscribing/subscriber-options.js'
import { declareOptions } from '../../src/topology/declare-ahead.js'
import { LanguageService } from '../support/language-service.js'

/** Options as a schema gives them: without `readonly`, all in one object. */
type Plain<T> = unknown extends T
  ? T
  : T extends (...parameters: never) => unknown
    ? T
    : { -readonly [Key in keyof T]: Plain<T[Key]> }

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? unknown : never

/** What options of the subscribers have beside those for handling: another schema checks these. */
type Own<Options> = Omit<Options, keyof leveret.HandlingOptions>

interface Held {
  readonly name: string
  readonly schema: z.ZodType
  /** What must be given. */
  readonly given: object
}

/** Compiles only where the schema takes exactly what the documented interface says. */
function held<Options>(): <S extends z.ZodType>(
  name: string,
  schema: S & Same<Plain<z.input<S>>, Plain<Options>>,
  given?: object,
) => Held {
  return (name, schema, given = {}) => ({ name, schema, given })
}

const all = [
  held<leveret.BreakerOptions>()('BreakerOptions', breakerOptions),
  held<leveret.CallOptions>()('CallOptions', callOptions),
  held<leveret.CloseOnSignalsOptions>()('CloseOnSignalsOptions', signalOptions),
  held<leveret.CloseOptions>()('CloseOptions', closeOptions),
  held<leveret.ConnectOptions>()('ConnectOptions', connectOptions),
  held<leveret.DeclareOptions>()('DeclareOptions', declareOptions),
  held<leveret.DiscardOptions>()('DiscardOptions', discardOptions, { filter: () => true }),
  held<leveret.DryRunOptions>()('DryRunOptions', dryRunOptions),
  held<leveret.EncodeOptions>()('EncodeOptions', encodeOptions),
  held<Own<leveret.EphemeralOptions>>()('EphemeralOptions', ephemeralOptions.pick({ maxLength: true })),
  held<leveret.IssuedCredentials>()('IssuedCredentials', issuedCredentials, { username: '', password: '' }),
  held<leveret.MemoryStoreOptions>()('MemoryStoreOptions', memoryStoreOptions),
  held<leveret.MessageOptions>()('MessageOptions', messageOptions),
  held<leveret.MoveOptions>()('MoveOptions', moveOptions, { to: 'orders' }),
  held<leveret.PeekOptions>()('PeekOptions', peekOptions),
  held<leveret.PropertyOptions>()('PropertyOptions', propertyOptions),
  held<leveret.PublishOptions>()('PublishOptions', publishOptions),
  held<Own<leveret.ReaderOptions>>()('ReaderOptions', readerOptions.omit({ only: true })),
  held<leveret.ReplayOptions>()('ReplayOptions', replayOptions),
  held<leveret.RpcClientOptions>()('RpcClientOptions', clientOptions),
  held<leveret.RpcServerOptions>()('RpcServerOptions', serverOptions),
  held<leveret.SendEncodedOptions>()('SendEncodedOptions', sendingOptions),
  held<leveret.SendOptions>()('SendOptions', sendOptions),
  held<leveret.WorkerOptions<never>>()('WorkerOptions', handlingOptions),
]

/** The value that `@defaultValue` writes down, up to a semicolon; `undefined` where it is said in words. */
function writtenDown(text: string | undefined): unknown {
  const [first = ''] = (text ?? '').split(';')
  try {
    return JSON.parse(
      first
        .trim()
        .replaceAll("'", '"')
        .replaceAll(/(?<=\d)_(?=\d)/g, ''),
    )
  } catch {
    return undefined
  }
}

test('every documented default is the one that the schema fills in, and every default of a schema is documented', async () => {
  const service = await LanguageService.of("import * as library from 'leveret'\nexport { library }\n")
  const [documented, filledIn] = [new Map<string, unknown>(), new Map<string, unknown>()]
  for (const { name, schema, given } of all) {
    const shape = shapeOf(schema)
    const values = Object.entries(Object(schema.parse(given))).filter(
      ([option]) => option in shape && !(option in given),
    )
    for (const [option, value] of values) if (value !== undefined) filledIn.set(`${name}.${option}`, value)
    for (const { path, defaultValue } of service.optionsOfType(name)) {
      const value = writtenDown(defaultValue)
      const [, option = '', within] = path.split('.')
      if (value !== undefined && within === undefined && option in shape) documented.set(path, value)
    }
  }
  expect(filledIn.size).toBeGreaterThan(40)
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(filledIn))
})

function shapeOf(schema: z.ZodType): object {
  if (schema instanceof z.ZodObject) return schema.shape
  return schema instanceof z.ZodPipe && schema.in instanceof z.ZodType ? shapeOf(schema.in) : {}
}

test('every interface of options that is exported, but for those of contracts, is held equal to its schema', async () => {
  const service = await LanguageService.of("import * as library from 'leveret'\nexport { library }\n")
  const names = service
    .exported(SymbolFlags.Interface | SymbolFlags.TypeAlias, 'contract')
    .filter((name) => /Options$/.test(name))
  const heldNames = all.map(({ name }) => name)
  expect(names.filter((name) => !heldNames.includes(name) && !ELSEWHERE.has(name))).toEqual([])
})

/** Made of those above, or checked within one of them. */
const ELSEWHERE = new Set([
  ...['BatchOptions', 'DeduplicateOptions', 'FailureOptions', 'HandlingOptions', 'LetterOptions', 'ModeOptions'],
  ...['SendAllOptions', 'SendingOptions', 'TlsOptions'],
  ...['BatchSubscriberOptions', 'BatchWorkerOptions', 'DurableOptions', 'ManualSubscriberOptions', 'SubscriberOptions'],
])
