import { type Handler, nameAt, ok } from './request.js'

/** The name of the broker's only node. */
export const NODE = 'rabbit@memory'

/** Routes that describe the broker itself. */
export const brokerRoutes: Readonly<Record<string, Handler>> = {
  'GET /overview': ({ broker }) => {
    const { version } = broker.profile
    const queues = [...broker.vhosts.values()].reduce((sum, vhost) => sum + vhost.queues.size, 0)
    return ok({
      rabbitmq_version: version,
      product_name: 'RabbitMQ',
      product_version: version,
      erlang_version: '26',
      cluster_name: 'memory-broker',
      node: NODE,
      object_totals: { queues },
    })
  },
  'GET /nodes': ({ broker }) =>
    ok([
      {
        name: NODE,
        type: 'disc',
        running: true,
        mem_alarm: broker.alarms.isRaised('memory'),
        disk_free_alarm: broker.alarms.isRaised('disk'),
      },
    ]),
  'GET /aliveness-test/*': () => ok({ status: 'ok' }),
  'GET /whoami': () => ok({ name: 'guest', tags: ['administrator'] }),
  'GET /nodes/*': (call) => ok({ name: nameAt(call, 0), running: true }),
}
