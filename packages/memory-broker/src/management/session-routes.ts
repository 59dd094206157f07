import type { Connection } from '../session/connection.js'
import { notFound } from './http-error.js'
import { done, type Handler, nameAt, ok, vhostOf } from './request.js'
import { channelView, connectionView } from './views.js'

/** Routes for connections and channels. */
export const sessionRoutes: Readonly<Record<string, Handler>> = {
  'GET /connections': ({ sessions }) => ok(openOnes(sessions.all()).map(connectionView)),
  'GET /connections/username/*': (call) =>
    ok(
      openOnes(call.sessions.all())
        .filter(({ identity: { user } }) => user === nameAt(call, 0))
        .map(connectionView),
    ),
  'GET /vhosts/*/connections': (call) => {
    const { name } = vhostOf(call)
    return ok(
      openOnes(call.sessions.all())
        .filter(({ identity: { vhost } }) => vhost === name)
        .map(connectionView),
    )
  },
  'GET /vhosts/*/channels': (call) => {
    const { name } = vhostOf(call)
    const connections = openOnes(call.sessions.all()).filter(({ identity: { vhost } }) => vhost === name)
    return ok(
      connections.flatMap((connection) =>
        connection.channels.all().map(({ state }) => channelView(state, connection.identity.name)),
      ),
    )
  },
  'DELETE /connections/*': (call) => {
    const connection = openOnes(call.sessions.all()).find(({ identity: { name } }) => name === nameAt(call, 0))
    if (connection === undefined) throw notFound()
    connection.close(320, `${call.reason ?? 'Closed via management plugin'}`)
    return done()
  },
}

function openOnes(connections: readonly Connection[]): Connection[] {
  return connections.filter(({ isOpen }) => isOpen)
}
