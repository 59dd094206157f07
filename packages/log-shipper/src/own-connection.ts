import { type Connection, type ConnectTarget, connect, type TextLogger } from 'leveret'
import { Stderr } from './stderr.js'

/** The longest delay of a timer of Node.js. */
const MAX_MS = 2_147_483_647

/**
 * Opens a connection for log lines alone. The connection is returned at once, and comes up when the broker does: a
 * wrong password or an unknown vhost only writes a line to stderr and leads to another try. leveret's own log goes to
 * stderr only, because it must not log into itself.
 */
export async function connectForLogs(target: ConnectTarget, app: string): Promise<Connection> {
  const stderr = new Stderr()
  const logger: TextLogger = {
    log: () => undefined,
    warn: (text) => stderr.say(text),
    error: (text) => stderr.say(text),
  }
  return await connect(target, {
    name: `${app} logs`.slice(0, 200),
    startupTimeoutMs: Number.POSITIVE_INFINITY,
    publishTimeoutMs: MAX_MS,
    logger,
  })
}
