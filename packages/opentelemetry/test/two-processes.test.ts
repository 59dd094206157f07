import { eventually, test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import type { PrintedSpan } from './programs.js'
import { type Service, startService } from './service.js'

const WAYS = ['small', 'large', 'nested', 'delayed', 'batch', 'stream', 'call'] as const
const PRODUCER = 3
const CONSUMER = 4

/** The spans of a trace, each below its parent, by two spaces a level. A span whose parent is missing is at the top. */
function tree(spans: readonly PrintedSpan[], traceId: string): string[] {
  const own = spans.filter((span) => span.traceId === traceId)
  const ids = new Set(own.map(({ id }) => id))
  const below = (parent: string | undefined, depth: number): string[] =>
    own
      .filter((span) => (span.parent !== undefined && ids.has(span.parent) ? span.parent : undefined) === parent)
      .flatMap((span) => [`${'  '.repeat(depth)}${span.name}`, ...below(span.id, depth + 1)])
  return below(undefined, 0)
}

const DONE = [
  '  send tasks',
  '    process tasks',
  '      publish shop:task.*.done',
  '        process shop:task.*.done:done',
]
const TREES: Readonly<Record<(typeof WAYS)[number], readonly string[]>> = {
  small: ['POST /small', ...DONE],
  large: ['POST /large', ...DONE],
  nested: ['POST /nested', ...DONE],
  delayed: ['POST /delayed', ...DONE],
  batch: ['POST /batch', '  send batched'],
  stream: ['POST /stream', '  publish shop:order.*.placed', '    process shop:order.*.placed:history'],
  call: ['POST /call', '  call price', '    send price', '      process price'],
}

/** Whether it is the message without a target that an RPC server sends when it starts, to try its channel. */
function isProbe({ kind, attributes }: PrintedSpan): boolean {
  return (
    kind === PRODUCER &&
    attributes['messaging.destination'] === '' &&
    attributes['messaging.rabbitmq.routing_key'] === ''
  )
}

async function postAll(web: Service): Promise<void> {
  for (const way of WAYS) {
    const { status } = await fetch(`http://127.0.0.1:${web.ready.port}/${way}`, { method: 'POST' })
    expect(status).toBe(200)
  }
}

async function spansOf(services: readonly Service[]): Promise<PrintedSpan[]> {
  return (await Promise.all(services.map((service) => service.spans()))).flat()
}

describe('a POST is one trace over two processes, in each of the seven ways to send', () => {
  test.for(['leveret', 'both'])('under %s', async (TRACERS, { vhost }) => {
    await using office = await startService('back-office', { TRACERS, RABBITMQ_URL: vhost.url })
    await using web = await startService('web', { TRACERS, RABBITMQ_URL: vhost.url })
    await postAll(web)
    await eventually(
      async () => {
        const spans = await spansOf([web, office])
        const posts = spans.filter(({ name }) => name.startsWith('POST'))
        expect(posts.map(({ traceId }) => tree(spans, traceId))).toEqual(WAYS.map((way) => TREES[way]))
        // The batch is a trace of its own that links to its message, as it may have messages of many traces.
        const [batch] = spans.filter(({ name }) => name === 'process batched')
        const [sent] = spans.filter(({ name }) => name === 'send batched')
        expect(batch?.links).toMatchObject([{ traceId: sent?.traceId, id: sent?.id }])
        expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(WAYS.length + 1)
        const tenants = spans.filter(({ name }) => name === 'process tasks').map(({ attributes }) => attributes.tenant)
        expect(tenants).toEqual(['acme', 'acme', 'acme', 'acme'])
      },
      { timeoutMs: 20_000 },
    )
  })

  test('under the amqplib instrumentation alone', async ({ vhost }) => {
    const env = { TRACERS: 'amqplib', RABBITMQ_URL: vhost.url }
    await using office = await startService('back-office', env)
    await using web = await startService('web', env)
    await postAll(web)
    await eventually(
      async () => {
        const spans = (await spansOf([web, office])).filter((span) => !isProbe(span))
        const consumed = (way: string): number => {
          const traceId = spans.find(({ name }) => name === `POST /${way}`)?.traceId
          return spans.filter((span) => span.traceId === traceId && span.kind === CONSUMER).length
        }
        // A task and its event, or a request and its reply.
        const expected = { small: 2, large: 2, nested: 2, delayed: 2, batch: 1, stream: 1, call: 2 }
        expect(Object.fromEntries(WAYS.map((way) => [way, consumed(way)]))).toEqual(expected)
        // No trace begins anywhere but at a POST.
        expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(WAYS.length)
        for (const { name, traceId } of spans) expect(tree(spans, traceId)[0], name).toMatch(/^POST/)
        for (const { parent, name } of spans) {
          if (!name.startsWith('POST')) expect(spans.map(({ id }) => id)).toContain(parent)
        }
      },
      { timeoutMs: 20_000 },
    )
  })
})
