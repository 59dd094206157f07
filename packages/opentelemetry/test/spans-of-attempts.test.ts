import { eventually } from '@leveret/testing/vitest'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { connect, Producer, Worker, workQueue } from 'leveret'
import { expect, onTestFinished } from 'vitest'
import { instrument } from '../src/index.js'
import { inRequest, spans, test, text, traceEachTest } from './fixtures.js'

traceEachTest()

test("links: 'only' begins a trace for each handler, which links to the one of its sender", async ({ rabbit }) => {
  onTestFinished(instrument({ links: 'only', settleSpans: true }))
  const queue = workQueue('linked', { payload: text })
  const worker = new Worker(rabbit, queue, () => undefined)
  await worker.start()
  const id = await inRequest(() => new Producer(rabbit, queue).send({ text: 'x' }))
  await eventually(() => expect(spans.named('ack linked')).toHaveLength(1))
  const [handled] = spans.named('process linked')
  expect(handled?.parentSpanContext).toBeUndefined()
  expect(handled?.links[0]?.context.traceId).toBe(id)
  expect(spans.named('ack linked')[0]?.parentSpanContext?.spanId).toBe(handled?.spanContext().spanId)
})

test('what leveret logs of an attempt is logged in the context of its span, so that loggers add its trace_id', async ({
  vhost,
}) => {
  const seen: [event: unknown, spanId: string | undefined][] = []
  const note = (fields: object): void => {
    seen.push([(fields as { event?: unknown }).event, trace.getActiveSpan()?.spanContext().spanId])
  }
  await using rabbit = await connect(vhost.url, { logger: { debug: note, info: note, warn: note, error: note } })
  const queue = workQueue('logged', { payload: text, retry: false })
  const worker = new Worker(rabbit, queue, () => {
    throw new Error('no')
  })
  await worker.start()
  await inRequest(() => new Producer(rabbit, queue).send({ text: 'x' }))
  await eventually(() => expect(spans.named('process logged')).toHaveLength(1))
  const [handled] = spans.named('process logged')
  expect(seen).toContainEqual(['delivery.dead-lettered', handled?.spanContext().spanId])
  expect(seen.filter(([event]) => event === 'connected')).toEqual([
    ['connected', undefined],
    ['connected', undefined],
  ])
})

test('a send that fails is an error, by its outcome', async ({ rabbit, broker, vhost }) => {
  const queue = workQueue('gone', { payload: text })
  const producer = new Producer(rabbit, queue)
  await producer.send({ text: 'x' })
  await broker.management.deleteQueue(vhost.name, 'gone')
  await producer.send({ text: 'x' }).catch(() => undefined)
  await eventually(() => expect(spans.named('send gone')).toHaveLength(2))
  const failed = spans.named('send gone').find(({ status }) => status.code === SpanStatusCode.ERROR)
  expect(failed?.attributes).toMatchObject({ 'error.type': 'returned', 'leveret.outcome': 'returned' })
})
