import { declareExchange, findExchange, removeExchange } from '../broker/declare-exchange.js'
import { declareQueue } from '../broker/declare-queue.js'
import type { Queue } from '../broker/queue/queue.js'
import type { Exchange } from '../broker/routing/exchange.js'
import type { Vhost } from '../broker/vhost.js'
import { FieldTable } from '../wire/field-table.js'
import { notFound } from './http-error.js'
import { done, type Handler, type ManagementCall, nameAt, numberOf, ok, tableOf, textOf, vhostOf } from './request.js'
import { bindingView, consumerView, exchangeView, queueView } from './views.js'

/** Routes for queues, exchanges, bindings and policies. */
export const topologyRoutes: Readonly<Record<string, Handler>> = {
  'GET /queues': ({ broker }) => ok([...broker.vhosts.values()].flatMap(queueViews)),
  'GET /queues/*': (call) => ok(queueViews(vhostOf(call))),
  'GET /queues/*/*': (call) => ok(queueView(queueOf(call), vhostOf(call).name)),
  'PUT /queues/*/*': (call) => {
    const vhost = vhostOf(call)
    const name = nameAt(call, 1)
    const isNew = !vhost.queues.has(name)
    const { durable, auto_delete, arguments: args } = call.body
    const request = {
      name,
      durable: durable !== false,
      autoDelete: auto_delete === true,
      owner: undefined,
      args: tableOf(args),
    }
    declareQueue(vhost, request, call.broker.profile)
    return done(isNew)
  },
  'DELETE /queues/*/*': (call) => {
    vhostOf(call).deleteQueue(queueOf(call))
    return done()
  },
  'DELETE /queues/*/*/contents': (call) => {
    queueOf(call).purge()
    return done()
  },
  'GET /exchanges/*': (call) => {
    const vhost = vhostOf(call)
    return ok([...vhost.exchanges.values()].map((exchange) => exchangeView(exchange, vhost.name)))
  },
  'PUT /exchanges/*/*': (call) => {
    const { type, durable, auto_delete, internal, arguments: args } = call.body
    const options = {
      name: nameAt(call, 1),
      type: textOf(type, 'direct'),
      durable: durable !== false,
      autoDelete: auto_delete === true,
      internal: internal === true,
      args: tableOf(args),
    }
    declareExchange(vhostOf(call), options, call.broker.profile)
    return done(true)
  },
  'DELETE /exchanges/*/*': (call) => {
    const vhost = vhostOf(call)
    if (!vhost.exchanges.has(nameAt(call, 1))) throw notFound()
    removeExchange(vhost, nameAt(call, 1), false)
    return done()
  },
  'POST /bindings/*/e/*/q/*': (call) => {
    const queue = vhostOf(call).queues.get(nameAt(call, 2))
    if (queue === undefined) throw notFound()
    return bind(call, queue)
  },
  'POST /bindings/*/e/*/e/*': (call) => bind(call, findExchange(vhostOf(call), nameAt(call, 2))),
  'GET /bindings/*': (call) => ok(bindingViews(vhostOf(call))),
  'GET /consumers/*': (call) => {
    const { name } = vhostOf(call)
    return ok(
      call.sessions.all().flatMap(({ identity: { name: connection, vhost }, channels }) => {
        if (vhost !== name) return []
        return channels
          .all()
          .flatMap(({ state }) =>
            [...state.consumers.values()].map((consumer) => consumerView(consumer, state, connection)),
          )
      }),
    )
  },
  'PUT /policies/*/*': (call) => {
    const { pattern, definition, priority, 'apply-to': applyTo } = call.body
    vhostOf(call).setPolicy({
      name: nameAt(call, 1),
      pattern: textOf(pattern),
      definition: (definition ?? {}) as Record<string, unknown>,
      priority: numberOf(priority, 0),
      applyTo: textOf(applyTo, 'all'),
    })
    return done(true)
  },
  'DELETE /policies/*/*': (call) => {
    if (!vhostOf(call).deletePolicy(nameAt(call, 1))) throw notFound()
    return done()
  },
  'GET /policies/*': (call) => {
    const vhost = vhostOf(call)
    return ok(
      vhost.policies.all().map(({ applyTo, ...policy }) => ({ ...policy, vhost: vhost.name, 'apply-to': applyTo })),
    )
  },
}

function queueOf(call: ManagementCall): Queue {
  const queue = vhostOf(call).queues.get(nameAt(call, 1))
  if (queue === undefined) throw notFound()
  return queue
}

function queueViews(vhost: Vhost): unknown[] {
  return [...vhost.queues.values()].map((queue) => queueView(queue, vhost.name))
}

function bind(call: ManagementCall, destination: Queue | Exchange): ReturnType<Handler> {
  const source = findExchange(vhostOf(call), nameAt(call, 1))
  source.bind(destination, textOf(call.body.routing_key), tableOf(call.body.arguments))
  return done(true)
}

/** Lists the bindings of a vhost, including those of the default exchange. */
function bindingViews({ name: vhost, queues, exchanges }: Vhost): unknown[] {
  const args = FieldTable.empty
  const named = [...queues.values()].map((destination) =>
    bindingView('', { destination, routingKey: destination.name, args, words: [] }, vhost),
  )
  const others = [...exchanges.values()].flatMap(({ name, bindings }) =>
    bindings.map((binding) => bindingView(name, binding, vhost)),
  )
  return [...named, ...others]
}
