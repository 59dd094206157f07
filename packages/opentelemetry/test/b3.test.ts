import { eventually } from '@leveret/testing/vitest'
import { propagation } from '@opentelemetry/api'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { DeadLetters, Producer, Worker, workQueue } from 'leveret'
import { beforeEach, expect } from 'vitest'
import { inRequest, spans, test, text, traceEachTest } from './fixtures.js'

traceEachTest()

beforeEach(() => {
  propagation.disable()
  propagation.setGlobalPropagator(new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }))
})

test('with the propagator of B3, a trace goes on in the headers x-b3-*, over retries, dead letters and replays', async ({
  rabbit,
}) => {
  const queue = workQueue('b3', { payload: text, retry: { delaysMs: [1] } })
  const seen: Record<string, unknown>[] = []
  let isMended = false
  const worker = new Worker(rabbit, queue, (_task, { headers }) => {
    seen.push(headers)
    if (!isMended) throw new Error('no')
  })
  const kept = new Promise((resolve) => worker.on('delivery.dead-lettered', resolve))
  await worker.start()
  const traceId = await inRequest(() => new Producer(rabbit, queue).send({ text: 'x' }))
  await kept
  isMended = true
  await new DeadLetters(rabbit, queue).replay()
  await eventually(() => expect(seen).toHaveLength(3))
  const [sent] = spans.named('send b3')
  for (const headers of seen) {
    expect(headers).toMatchObject({ 'x-b3-traceid': traceId, 'x-b3-spanid': sent?.spanContext().spanId })
    expect(headers).not.toHaveProperty('traceparent')
  }
  await eventually(() =>
    expect(spans.named('process b3').map((span) => span.spanContext().traceId)).toEqual([traceId, traceId, traceId]),
  )
})
