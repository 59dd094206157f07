import type { ConnectOptions } from './connect-options.js'
import { type Connection, type ConnectTarget, openConnection } from './connection.js'

/**
 * Connects to RabbitMQ.
 *
 * @param target - `amqp://user:password@host:5672/vhost` (parts percent-encoded), `amqps://…`, fields, or several of
 *   one cluster. Without a path the vhost is `/`.
 * @throws {@link OptionsError} if the URL or an option is wrong
 * @throws {@link ConnectionError} at once if a login, vhost or certificate is refused, otherwise after
 *   `startupTimeoutMs`, with the last reason. Nothing stays open
 * @see https://www.rabbitmq.com/docs/uri-spec
 * @example
 * ```ts
 * import { connect } from 'leveret'
 *
 * await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * rabbit.on('disconnected', ({ lane, reason }) => console.warn(`${lane}: ${reason.message}`))
 * console.log(rabbit.health().state) // prints: ready
 * ```
 */
export async function connect(target: ConnectTarget, options?: ConnectOptions): Promise<Connection> {
  return await openConnection(target, options)
}
