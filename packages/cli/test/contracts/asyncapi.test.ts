import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import {
  application,
  bytes,
  directExchange,
  fanoutExchange,
  headersExchange,
  procedure,
  subscription,
  text,
  topicExchange,
  workQueue,
} from 'leveret'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadApplications } from '../../src/config/load.js'
import { asyncApiOf, contractsDocument } from '../../src/index.js'
import { shop } from '../fixtures/shop/leveret.config.js'
import { exampleApplication } from './examples.js'

interface Diagnostic {
  readonly message: string
  readonly path: readonly (string | number)[]
}

// Its own types need types that it does not bring.
const { Parser } = createRequire(import.meta.url)('@asyncapi/parser') as {
  readonly Parser: new () => { parse(text: string): Promise<{ readonly diagnostics: readonly Diagnostic[] }> }
}
const parser = new Parser()

const DEMO = fileURLToPath(new URL('../../../demo', import.meta.url))

/** What the parser has against a document, down to hints. */
async function problemsOf(document: unknown): Promise<readonly string[]> {
  const { diagnostics } = await parser.parse(JSON.stringify(document))
  return diagnostics.map(({ message, path }) => `${path.join('.')}: ${message}`)
}

const tree = z.object({
  name: z.string(),
  get children() {
    return z.array(tree)
  },
})

const everything = application({
  name: 'everything',
  version: '2.1.0',
  sends: [
    workQueue('a "queue" of/tasks', { payload: tree, version: '3' }),
    workQueue('texts', { payload: z.string(), codec: text }),
  ],
  works: [workQueue('bytes', { payload: z.instanceof(Uint8Array), codec: bytes })],
  publishes: [
    topicExchange('orders', {
      'order.*.shipped': z.object({ id: z.uuid() }),
      'audit.#': z.object({ who: z.string() }),
    }),
    directExchange('levels', { info: z.string(), error: z.object({ code: z.int() }) }),
    fanoutExchange('all', { payload: z.object({ n: z.number() }) }),
    headersExchange('kinds', { headers: z.object({ kind: z.enum(['a', 'b']) }), payload: z.object({ n: z.int() }) }),
  ],
  subscribes: [
    subscription('shipments', {
      of: topicExchange('orders', { 'order.*.shipped': z.object({ id: z.uuid() }) }),
      bindingKeys: ['order.*.shipped'],
    }),
  ],
  answers: [
    procedure('price', {
      request: z.object({ id: z.uuid() }),
      response: z.object({ cents: z.int() }),
      errors: { sold_out: z.object({ until: z.iso.date() }) },
    }),
  ],
})

describe('AsyncAPI', () => {
  test('the document of the eight examples passes the parser without a warning', async () => {
    const document = contractsDocument([await exampleApplication()])
    const [described] = document.applications
    expect(document.contracts.length).toBeGreaterThan(10)
    expect(await problemsOf(asyncApiOf(described as never, document))).toEqual([])
  })

  test('so does one of every kind of contract, with names that need care', async () => {
    const document = contractsDocument([everything])
    const [described] = document.applications
    expect(described).toBeDefined()
    if (described === undefined) return
    expect(
      await problemsOf(asyncApiOf(described, document, { server: 'amqps://broker.example.org:5671/shop' })),
    ).toEqual([])
  })

  test('so do those of the demo and of a shop', async () => {
    for (const each of [...(await loadApplications(undefined, DEMO)), shop]) {
      const document = contractsDocument([each])
      const [described] = document.applications
      const problems = await problemsOf(asyncApiOf(described as never, document))
      expect({ name: each.name, problems }).toEqual({ name: each.name, problems: [] })
    }
  })

  test('examples of a schema become examples of its messages', async () => {
    const payload = z.object({ n: z.int() }).meta({ examples: [{ n: 7 }, { n: 8 }] })
    const document = contractsDocument([application({ name: 'a', version: '1', sends: [workQueue('q', { payload })] })])
    const made = asyncApiOf(document.applications[0] as never, document)
    expect(made).toMatchObject({
      components: { messages: { 'work-queue.q': { examples: [{ payload: { n: 7 } }, { payload: { n: 8 } }] } } },
    })
    expect(await problemsOf(made)).toEqual([])
  })

  test('the parser would say so: a binding with a member too many is refused', async () => {
    const document = contractsDocument([everything])
    const made = structuredClone(asyncApiOf(document.applications[0] as never, document)) as Record<
      string,
      Record<string, never>
    >
    const channel = made.channels?.['work-queue.bytes'] as unknown as {
      bindings: { amqp: { queue: Record<string, unknown> } }
    }
    channel.bindings.amqp.queue.durable = 'yes'
    expect(await problemsOf(made)).not.toEqual([])
  })

  test('says what each channel is, and beside the binding what that has no room for', () => {
    const document = contractsDocument([everything])
    const [described] = document.applications
    const { channels, operations } = asyncApiOf(described as never, document) as Record<string, Record<string, never>>
    expect(channels?.['exchange.orders.order._2a_.shipped']).toMatchObject({
      address: 'order.{word2}.shipped',
      parameters: { word2: {} },
      bindings: {
        amqp: { is: 'routingKey', exchange: { name: 'orders', type: 'topic', durable: true }, bindingVersion: '0.3.0' },
      },
    })
    expect(channels?.['work-queue.bytes']).toMatchObject({
      bindings: {
        amqp: { is: 'queue', queue: { name: 'bytes', durable: true, exclusive: false, autoDelete: false, vhost: '/' } },
      },
      'x-leveret': {
        retryDelaysMs: [1_000, 30_000, 300_000],
        deadLetterQueue: 'bytes.dead-letter',
        arguments: { 'x-queue-type': 'quorum' },
      },
    })
    expect(operations?.['answer.procedure.price']).toMatchObject({
      action: 'receive',
      reply: { address: { location: '$message.header#/replyTo' } },
    })
  })

  test('never holds who enters the server', () => {
    const document = contractsDocument([everything])
    const made = asyncApiOf(document.applications[0] as never, document, {
      server: 'amqp://ann:pass-word@broker:5672/shop',
    })
    expect(JSON.stringify(made)).not.toMatch(/ann[:@]|pass-word/)
  })

  test('names the part that JSON Schema has no form for, and the way out', () => {
    const payload = z.object({ lines: z.array(z.object({ at: z.custom<string>((value) => value === 'now') })) })
    const sends = [workQueue('dated', { payload })]
    const dated = application({ name: 'dated', version: '1', sends })
    expect(() => contractsDocument([dated])).toThrow(
      /work-queue dated: JSON Schema has no form for lines\[\]\.at \(custom\).*z\.iso\.datetime\(\)/,
    )
    expect(contractsDocument([dated], { unrepresentable: 'any' }).contracts).toHaveLength(1)
  })

  test('takes the schema of any library that says how it looks as JSON Schema, and names the one that does not', () => {
    const standard = (more: object) => ({
      '~standard': { version: 1 as const, vendor: 'mine', validate: (value: unknown) => ({ value }), ...more },
    })
    const of = (payload: ReturnType<typeof standard>) =>
      application({ name: 'a', version: '1', sends: [workQueue('q', { payload })] })
    const jsonSchema = { input: ({ target }: { target: string }) => ({ $schema: target, type: 'integer' }) }
    expect(contractsDocument([of(standard({ jsonSchema }))]).contracts[0]?.messages).toEqual([
      { part: 'payload', schema: { type: 'integer' } },
    ])
    expect(() => contractsDocument([of(standard({}))])).toThrow(
      /work-queue q: the schema of 'mine' does not say how it looks as JSON Schema/,
    )
  })

  test('describes no content, texts and bytes as what is on the wire', () => {
    const sends = [
      workQueue('nothing', { payload: z.void() }),
      workQueue('texts', { payload: z.string().max(5), codec: text }),
      workQueue('bytes', { payload: z.instanceof(Uint8Array), codec: bytes }),
    ]
    const { contracts } = contractsDocument([application({ name: 'a', version: '1', sends })])
    expect(contracts.map(({ name, contentType, messages }) => [name, contentType, messages[0]?.schema])).toEqual([
      ['bytes', 'application/octet-stream', {}],
      ['nothing', 'application/json', { type: 'null', description: 'No content.' }],
      ['texts', 'text/plain', { type: 'string', maxLength: 5 }],
    ])
  })
})
