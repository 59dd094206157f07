import { findExchange } from '../broker/declare-exchange.js'
import { findQueue } from '../broker/declare-queue.js'
import type { Delivery, Holder } from '../broker/message/delivery.js'
import { Message } from '../broker/message/message.js'
import type { Queue } from '../broker/queue/queue.js'
import type { FieldValue } from '../wire/field.js'
import type { Properties } from '../wire/properties.js'
import { type Handler, nameAt, numberOf, ok, tableOf, textOf, vhostOf } from './request.js'
import { propertiesView } from './views.js'

/** Routes that publish and take messages without a client. */
export const messageRoutes: Readonly<Record<string, Handler>> = {
  'POST /exchanges/*/*/publish': (call) => {
    const vhost = vhostOf(call)
    const name = nameAt(call, 1)
    const exchange = name === 'amq.default' ? '' : name
    findExchange(vhost, exchange)
    const { routing_key, payload, payload_encoding, properties } = call.body
    const body = Buffer.from(textOf(payload), payload_encoding === 'base64' ? 'base64' : 'latin1')
    const message = new Message({
      exchange,
      routingKey: textOf(routing_key),
      properties: readProperties((properties ?? {}) as Record<string, unknown>),
      body,
    })
    return ok({ routed: vhost.publish(message).routed })
  },
  'POST /queues/*/*/get': (call) => {
    const queue = findQueue(vhostOf(call), nameAt(call, 1), { connection: undefined })
    const { count, ackmode, encoding } = call.body
    return ok(takeSome(queue, numberOf(count, 1), textOf(ackmode)).map((taken) => view(taken, textOf(encoding))))
  },
}

interface Taken {
  readonly delivery: Delivery
  readonly message: Message
  readonly left: number
  readonly redelivered: boolean
}

const nobody: Holder = { timedOut: () => undefined }

function takeSome(queue: Queue, count: number, ackmode: string): Taken[] {
  const taken: Taken[] = []
  while (taken.length < count) {
    const next = queue.get(nobody, false)
    if (next === undefined) break
    taken.push({ ...next, left: queue.ready, redelivered: next.delivery.item.redelivered })
  }
  const deliveries = taken.map(({ delivery }) => delivery)
  if (ackmode.startsWith('ack_requeue_true')) queue.giveBack(deliveries, 'nack')
  else if (ackmode.startsWith('reject_requeue_true')) queue.giveBack(deliveries, 'reject')
  else if (ackmode.startsWith('reject')) for (const delivery of deliveries) queue.reject(delivery, 'reject')
  else for (const delivery of deliveries) queue.ack(delivery)
  return taken
}

function view({ message, left, redelivered }: Taken, encoding: string): Record<string, unknown> {
  const text = message.body.toString('utf8')
  const isText = encoding !== 'base64' && Buffer.from(text).equals(message.body)
  return {
    payload: isText ? message.body.toString('latin1') : message.body.toString('base64'),
    payload_bytes: message.body.length,
    payload_encoding: isText ? 'string' : 'base64',
    redelivered,
    exchange: message.exchange,
    routing_key: message.routingKey,
    message_count: left,
    properties: propertiesView(message.properties),
  }
}

const NAMES: Readonly<Record<string, keyof Properties>> = {
  content_type: 'contentType',
  content_encoding: 'contentEncoding',
  delivery_mode: 'deliveryMode',
  priority: 'priority',
  correlation_id: 'correlationId',
  reply_to: 'replyTo',
  expiration: 'expiration',
  message_id: 'messageId',
  timestamp: 'timestamp',
  type: 'type',
  user_id: 'userId',
  app_id: 'appId',
  cluster_id: 'clusterId',
}

function readProperties(given: Readonly<Record<string, unknown>>): Properties {
  const known = Object.entries(given).flatMap(([name, value]): [string, unknown][] => {
    const property = NAMES[name]
    return property === undefined ? [] : [[property, value]]
  })
  const headers = given.headers === undefined ? {} : { headers: tableOf(given.headers as Record<string, FieldValue>) }
  return { ...Object.fromEntries(known), ...headers }
}
