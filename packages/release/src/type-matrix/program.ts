/** A program that checks types: contracts infer, nothing is `any`, and mistakes do not compile. */
export const program = `
import { conformanceCases } from '@leveret/conformance'
import { MemoryBroker, type MemoryBrokerOptions } from '@leveret/memory-broker'
import { type EventuallyOptions, startFaultProxy } from '@leveret/testing'
import { testDelivery } from '@leveret/testing/leveret'
import {
  type Connection, DeadLetters, type ErrorOf, type EventOf, type HandlerOf, type InputOf, type PayloadOf, Producer, Publisher,
  procedure, type RequestOf, type ResponseOf, RpcClient, RpcServer, Subscriber, stream, subscription, topicExchange, Worker, workQueue,
} from 'leveret'
import { z } from 'zod'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function holds<_Fact extends true>(): void {}
type NotAny<T> = 0 extends 1 & T ? false : true

declare const rabbit: Connection

const tasks = workQueue('tasks', { payload: z.object({ n: z.int(), at: z.iso.datetime().optional() }) })
holds<Same<PayloadOf<typeof tasks>, { n: number; at?: string | undefined }>>()
holds<Same<InputOf<typeof tasks>, { n: number; at?: string | undefined }>>()
holds<NotAny<HandlerOf<typeof tasks>>>()
new Worker(rabbit, tasks, (task, delivery) => {
  holds<Same<typeof task.n, number>>()
  holds<Same<typeof delivery.attempt, number>>()
})
void new Producer(rabbit, tasks).send({ n: 1 })
// @ts-expect-error a payload of another type
void new Producer(rabbit, tasks).send({ n: 'one' })

const shop = topicExchange('shop', { 'order.*': z.object({ id: z.int() }), 'note.#': z.string() })
holds<Same<EventOf<typeof shop, 'order.*'>['payload'], { id: number }>>()
void new Publisher(rabbit, shop).publish('order.paid', { id: 1 })
// @ts-expect-error a routing key that no template knows
void new Publisher(rabbit, shop).publish('basket.paid', { id: 1 })

const billing = subscription('billing', { of: shop, bindingKeys: ['order.*'] })
new Subscriber(rabbit, billing, (event) => {
  holds<Same<typeof event.template, 'order.*'>>()
  holds<Same<typeof event.payload.id, number>>()
})
const history = stream('history', { of: shop, bindingKeys: ['#'], retention: { maxAge: '7D' } })
new Subscriber(rabbit, history, (event, { offset }) => {
  holds<Same<typeof offset, number>>()
  if (event.template === 'note.#') holds<Same<typeof event.payload, string>>()
})

const getUser = procedure('get-user', {
  request: z.object({ id: z.int() }),
  response: z.object({ name: z.string() }),
  errors: { 'no-such-user': z.object({ id: z.int() }) },
})
holds<Same<RequestOf<typeof getUser>, { id: number }>>()
holds<Same<ResponseOf<typeof getUser>, { name: string }>>()
holds<NotAny<ErrorOf<typeof getUser>>>()
new RpcServer(rabbit, getUser, ({ id }) => ({ name: String(id) }))
const user = new RpcClient(rabbit, getUser).call({ id: 1 })
holds<Same<Awaited<typeof user>, { name: string }>>()
void new DeadLetters(rabbit, tasks).peek().then(async ([letter]) => {
  const payload = await letter?.payload()
  holds<Same<NonNullable<typeof payload>, PayloadOf<typeof tasks>>>()
})

holds<NotAny<MemoryBrokerOptions>>()
holds<NotAny<EventuallyOptions>>()
holds<NotAny<typeof conformanceCases>>()
holds<NotAny<InstanceType<typeof MemoryBroker>>>()
void startFaultProxy
void testDelivery(tasks, { n: 1 })
`
