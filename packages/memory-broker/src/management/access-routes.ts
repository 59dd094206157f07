import { notFound } from './http-error.js'
import { done, type Handler, type ManagementCall, nameAt, numberOf, ok, textOf, vhostOf } from './request.js'

/** Routes for vhosts, users, permissions and limits. */
export const accessRoutes: Readonly<Record<string, Handler>> = {
  'GET /vhosts': ({ broker }) => ok([...broker.vhosts.keys()].map((name) => ({ name }))),
  'GET /vhosts/*': (call) => ok({ name: vhostOf(call).name }),
  'PUT /vhosts/*': (call) => {
    const name = nameAt(call, 0)
    const isNew = !call.broker.vhosts.has(name)
    const vhost = call.broker.createVhost(name)
    const { default_queue_type: type } = call.body
    if (typeof type === 'string') vhost.defaultQueueType = type
    return done(isNew)
  },
  'DELETE /vhosts/*': (call) => {
    const name = nameAt(call, 0)
    if (!call.broker.vhosts.has(name)) throw notFound()
    closeAll(call, ({ vhost }) => vhost === name, `vhost '${name}' is deleted`)
    call.broker.deleteVhost(name)
    return done()
  },
  'GET /users': ({ broker }) => ok(broker.access.users().map(({ name, tags }) => ({ name, tags: tags.split(',') }))),
  'PUT /users/*': (call) => {
    const name = nameAt(call, 0)
    const isNew = !call.broker.access.hasUser(name)
    call.broker.access.setUser({ name, password: textOf(call.body.password), tags: textOf(call.body.tags) })
    return done(isNew)
  },
  'DELETE /users/*': (call) => {
    const name = nameAt(call, 0)
    if (!call.broker.access.deleteUser(name)) throw notFound()
    closeAll(call, ({ user }) => user === name, `user '${name}' is deleted`)
    return done()
  },
  'PUT /user-limits/*/*': (call) => {
    call.broker.access.setLimits(nameAt(call, 0), { [nameAt(call, 1)]: numberOf(call.body.value, -1) })
    return done()
  },
  'DELETE /user-limits/*/*': (call) => {
    call.broker.access.setLimits(nameAt(call, 0), { [nameAt(call, 1)]: undefined })
    return done()
  },
  'PUT /vhost-limits/*/*': (call) => {
    vhostOf(call).limits.set(nameAt(call, 1), numberOf(call.body.value, -1))
    return done()
  },
  'DELETE /vhost-limits/*/*': (call) => {
    vhostOf(call).limits.delete(nameAt(call, 1))
    return done()
  },
  'PUT /topic-permissions/*/*': (call) => {
    const [vhost, user, { exchange, write, read }] = [vhostOf(call).name, nameAt(call, 1), call.body]
    const texts = { exchange: textOf(exchange), write: textOf(write), read: textOf(read) }
    call.broker.access.topics.set({ vhost, user, ...texts })
    return done(true)
  },
  'GET /topic-permissions/*/*': (call) => ok(call.broker.access.topics.of(vhostOf(call).name, nameAt(call, 1))),
  'DELETE /topic-permissions/*/*': (call) => {
    call.broker.access.topics.delete(vhostOf(call).name, nameAt(call, 1))
    return done()
  },
  'PUT /permissions/*/*': (call) => {
    const { configure, write, read } = call.body
    const permissions = { configure: textOf(configure), write: textOf(write), read: textOf(read) }
    call.broker.access.setPermissions(vhostOf(call).name, nameAt(call, 1), permissions)
    return done(true)
  },
  'GET /permissions/*/*': (call) => {
    const [vhost, user] = [vhostOf(call).name, nameAt(call, 1)]
    const permissions = call.broker.access.permissions(vhost, user)
    if (permissions === undefined) throw notFound()
    return ok({ user, vhost, ...permissions })
  },
  'DELETE /permissions/*/*': (call) => {
    call.broker.access.deletePermissions(vhostOf(call).name, nameAt(call, 1))
    return done()
  },
}

/** Closes connections whose vhost or user is deleted, as RabbitMQ does. */
function closeAll(
  { sessions }: ManagementCall,
  isMeant: (connection: { readonly vhost: string; readonly user: string }) => boolean,
  reason: string,
): void {
  for (const connection of sessions.all())
    if (connection.isOpen && isMeant(connection.identity)) connection.close(320, `${reason}`)
}
