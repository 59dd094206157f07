import { eventually } from '@leveret/testing/vitest'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  DeadLetters,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  Subscriber,
  stream,
  subscription,
  topicExchange,
  Worker,
  workQueue,
} from 'leveret'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { inRequest, spans, test, text, traceEachTest } from './fixtures.js'

const shop = topicExchange('shop', { 'order.*.shipped': z.object({ n: z.int() }) })

traceEachTest()

describe('one trace from a request over send, worker, publish and subscriber', () => {
  test.for([
    ['10 B', 'x'.repeat(10), {}],
    ['20 KiB', 'x'.repeat(20_480), {}],
    ['nested headers', 'x', { headers: { tenant: { name: 'acme' } } }],
    ['a delay', 'x', { delayMs: 250 }],
  ] as const)('of %s', async ([, payload, options], { rabbit }) => {
    const queue = workQueue('tasks', { payload: text })
    const publisher = new Publisher(rabbit, shop)
    const worker = new Worker(rabbit, queue, async () => {
      await publisher.publish('order.7.shipped', { n: 7 })
    })
    const listener = new Subscriber(
      rabbit,
      subscription('mails', { of: shop, bindingKeys: ['order.#'] }),
      () => undefined,
    )
    await Promise.all([worker.start(), listener.start()])
    const id = await inRequest(() => new Producer(rabbit, queue).send({ text: payload }, options))
    await eventually(() => expect(spans.named('process shop:order.*.shipped:mails')).toHaveLength(1))
    await eventually(() => expect(spans.named('process tasks')).toHaveLength(1))
    expect(spans.tree(id)).toEqual([
      'POST',
      '  send tasks',
      '    process tasks',
      '      publish shop:order.*.shipped',
      '        process shop:order.*.shipped:mails',
    ])
  })

  test('of a stream', async ({ rabbit }) => {
    const history = stream('history', { of: shop, bindingKeys: ['order.#'] })
    const reader = new Subscriber(rabbit, history, () => undefined, { offset: 'first' })
    await reader.start()
    const id = await inRequest(() => new Publisher(rabbit, shop).publish('order.1.shipped', { n: 1 }))
    await eventually(() =>
      expect(spans.tree(id)).toEqual([
        'POST',
        '  publish shop:order.*.shipped',
        '    process shop:order.*.shipped:history',
      ]),
    )
  })

  test('of a call: the request inside the call, the server below the request, and no span of the reply', async ({
    rabbit,
  }) => {
    const getUser = procedure('get-user', { request: text, response: text })
    const server = new RpcServer(rabbit, getUser, (request) => request)
    await server.start()
    const client = new RpcClient(rabbit, getUser)
    const id = await inRequest(() => client.call({ text: 'ann' }))
    await eventually(() =>
      expect(spans.tree(id)).toEqual(['POST', '  call get-user', '    send get-user', '      process get-user']),
    )
    expect(spans.named('call get-user')[0]?.kind).toBe(SpanKind.CLIENT)
  })
})

test('attributes are those of the conventions, with the template of a topic exchange', async ({ rabbit, vhost }) => {
  const listener = new Subscriber(rabbit, subscription('mails', { of: shop, bindingKeys: ['#'] }), () => undefined)
  await listener.start()
  await new Publisher(rabbit, shop).publish('order.7.shipped', { n: 7 }, { messageId: 'm1', correlationId: 'c1' })
  await eventually(() => expect(spans.all).toHaveLength(2))
  const { hostname, port } = new URL(vhost.url)
  const [sent] = spans.named('publish shop:order.*.shipped')
  expect(sent?.kind).toBe(SpanKind.PRODUCER)
  expect(sent?.instrumentationScope).toMatchObject({ schemaUrl: 'https://opentelemetry.io/schemas/1.44.0' })
  expect(sent?.attributes).toEqual({
    'messaging.system': 'rabbitmq',
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'shop:order.7.shipped',
    'messaging.destination.template': 'shop:order.*.shipped',
    'messaging.rabbitmq.destination.routing_key': 'order.7.shipped',
    'messaging.message.id': 'm1',
    'messaging.message.conversation_id': 'c1',
    'server.address': hostname,
    'server.port': Number(port),
    'leveret.outcome': 'confirmed',
  })
  const [handled] = spans.named('process shop:order.*.shipped:mails')
  expect(handled?.kind).toBe(SpanKind.CONSUMER)
  expect(handled?.attributes).toMatchObject({
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'shop:order.7.shipped:mails',
    'messaging.destination.template': 'shop:order.*.shipped:mails',
    'messaging.rabbitmq.message.delivery_tag': 1,
    'leveret.attempt': 1,
    'leveret.settlement': 'acked',
  })
})

test('a task that fails three times and is replayed: three attempts of one creation context, and one linked trace of the replay', async ({
  rabbit,
}) => {
  const queue = workQueue('failing', { payload: text, retry: { delaysMs: [1, 2] } })
  let isMended = false
  const worker = new Worker(rabbit, queue, () => {
    if (!isMended) throw new TypeError('no such host')
  })
  const kept = new Promise((resolve) => worker.on('delivery.dead-lettered', resolve))
  await worker.start()
  const id = await inRequest(() => new Producer(rabbit, queue).send({ text: 'x' }))
  await kept
  await eventually(() => expect(spans.named('process failing')).toHaveLength(3))
  const [sent] = spans.named('send failing')
  const attempts = spans.named('process failing')
  expect(attempts.map(({ attributes }) => attributes['leveret.attempt']).sort()).toEqual([1, 2, 3])
  for (const { parentSpanContext, links, status, attributes } of attempts) {
    expect(parentSpanContext?.spanId).toBe(sent?.spanContext().spanId)
    expect(links[0]?.context.spanId).toBe(sent?.spanContext().spanId)
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such host' })
    expect(attributes['error.type']).toBe('TypeError')
  }
  const last = attempts.find(({ attributes }) => attributes['leveret.attempt'] === 3)
  expect(last?.attributes).toMatchObject({
    'leveret.settlement': 'dead-lettered',
    'leveret.dead_letter.reason': 'attempts-exhausted',
  })
  const retried = attempts.filter((attempt) => attempt !== last).flatMap(({ events }) => events)
  expect(retried.map(({ name }) => name)).toEqual(['leveret.retried', 'leveret.retried'])
  expect(retried.map(({ attributes }) => attributes?.after_ms).sort()).toEqual([1, 2])
  spans.reset()
  isMended = true
  const replayId = await inRequest(() => new DeadLetters(rabbit, queue).replay())
  await eventually(() => expect(spans.named('process failing')).toHaveLength(1))
  const [replay] = spans.named('send failing')
  expect(replay?.spanContext().traceId).toBe(replayId)
  expect(replay?.links.map((link) => link.context.traceId)).toEqual([id])
  // The creation context was not overwritten.
  expect(spans.named('process failing')[0]?.spanContext().traceId).toBe(id)
})

test('a batch of ten messages of ten traces is one span with ten links', async ({ rabbit }) => {
  const queue = workQueue('batched', { payload: text })
  const producer = new Producer(rabbit, queue)
  const ids = await Promise.all(
    Array.from({ length: 10 }, (_, n) => inRequest(() => producer.send({ text: 'x' }, { messageId: `m${n}` }))),
  )
  const inside: (string | undefined)[] = []
  const worker = new Worker(
    rabbit,
    queue,
    () => void inside.push(trace.getSpan(context.active())?.spanContext().spanId),
    { batch: { size: 10, waitMs: 60_000 } },
  )
  await worker.start()
  await eventually(() => expect(spans.named('process batched')).toHaveLength(1))
  const [batch] = spans.named('process batched')
  expect(batch?.parentSpanContext).toBeUndefined()
  expect(batch?.attributes['messaging.batch.message_count']).toBe(10)
  expect(batch?.links.map(({ context: { traceId } }) => traceId).sort()).toEqual(ids.sort())
  expect(batch?.links.map(({ attributes }) => attributes?.['messaging.message.id']).sort()).toEqual(
    Array.from({ length: 10 }, (_, n) => `m${n}`),
  )
  expect(inside).toEqual([batch?.spanContext().spanId])
})

test('baggage arrives', async ({ rabbit }) => {
  const queue = workQueue('carried', { payload: text })
  const seen: (string | undefined)[] = []
  const worker = new Worker(rabbit, queue, () => {
    seen.push(propagation.getBaggage(context.active())?.getEntry('tenant')?.value)
  })
  await worker.start()
  const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
  await context.with(propagation.setBaggage(context.active(), baggage), () =>
    new Producer(rabbit, queue).send({ text: 'x' }),
  )
  await eventually(() => expect(seen).toEqual(['acme']))
})
