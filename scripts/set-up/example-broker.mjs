import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './repository.mjs'

/**
 * Finds the broker of an example: the one that RABBITMQ_URL names, else the one that listens on this machine. Where none does, starts one
 * in memory on that port: programs that are started meanwhile find it there. Build first.
 *
 * @param {number} [port]
 * @returns {Promise<import('./broker.mjs').ReadyWay>}
 */
export async function prepareExampleBroker(port = 5672) {
  if (process.env.RABBITMQ_URL) return { why: 'the one RABBITMQ_URL names', env: {} }
  const env = { RABBITMQ_URL: port === 5672 ? 'amqp://localhost' : `amqp://localhost:${port}` }
  if (await listens(port)) return { why: `${env.RABBITMQ_URL}; RABBITMQ_URL names another`, env }
  const { startMemoryBroker } = await import(pathToFileURL(join(root, 'packages/memory-broker/dist/index.js')).href)
  const broker = await startMemoryBroker({ port })
  return {
    why: `none answers on port ${port}: a broker in memory does, which behaves like 4.3 and ends with this program; nothing is kept`,
    env: { RABBITMQ_URL: broker.url },
    close: () => broker.close(),
  }
}

/** Whether somebody takes connections on a port of this machine. @param {number} port */
async function listens(port) {
  const socket = connect(port, 'localhost')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
