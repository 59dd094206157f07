import net from 'node:net'
import { within } from '../async/timing.js'
import { madeOf } from '../errors/marks.js'
import { messageOf } from '../errors/message-of.js'

/** An object that can be closed: a connection, a role, a server of Node.js, a pool. */
export type Closable = AsyncDisposable | { close(): unknown }

/** The least time for each closable, even if those before it have used up the time. */
const LEAST_MS = 500
/** Interval at which a server's connections without a request are closed. */
const IDLE_EVERY_MS = 50

/** Methods of both kinds of HTTP servers; a plain server has neither. */
interface ConnectionsOf {
  closeIdleConnections?(): void
  closeAllConnections?(): void
}

/**
 * Closes one after the other. Never rejects: a failure or a timeout is passed to `report`, and sets the exit code 1.
 *
 * @param timeoutMs - for all of them together
 */
export async function closeAll(
  closables: readonly Closable[],
  timeoutMs: number,
  report: (message: string) => void,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (const [index, closable] of closables.entries()) {
    const leftMs = Math.max(Math.round(deadline - performance.now()), LEAST_MS)
    try {
      await close(closable, leftMs)
    } catch (error) {
      report(`closeOnSignals could not close argument ${index + 1} (${nameOf(closable)}): ${messageOf(error)}`)
      process.exitCode ??= 1
    }
  }
}

async function close(closable: Closable, timeoutMs: number): Promise<void> {
  // Connections and roles of leveret keep to the time by themselves, and report what is left running.
  if (madeOf(closable) !== undefined) {
    await (closable as { close(options: { timeoutMs: number }): PromiseLike<void> }).close({ timeoutMs })
    return
  }
  const late = (): Error => new Error(`it took longer than ${timeoutMs} ms`)
  if (closable instanceof net.Server) await closeServer(closable, timeoutMs, late)
  else await within(timeoutMs, closeOther(closable), late)
}

async function closeOther(closable: Closable): Promise<void> {
  const { [Symbol.asyncDispose]: dispose } = closable as Partial<AsyncDisposable>
  if (typeof dispose === 'function') await dispose.call(closable)
  else await (closable as { close(): unknown }).close()
}

/**
 * Closes a server. Its callback comes with the end of the last connection, and a keep-alive connection without a
 * request would delay that.
 */
async function closeServer(server: net.Server & ConnectionsOf, timeoutMs: number, late: () => Error): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => {
    server.close((error) => {
      if (error === undefined || !server.listening) resolve()
      else reject(error)
    })
  })
  const endIdle = (): void => server.closeIdleConnections?.()
  endIdle()
  const timer = setInterval(endIdle, IDLE_EVERY_MS)
  try {
    await within(timeoutMs, closed, late)
  } finally {
    clearInterval(timer)
    server.closeAllConnections?.()
  }
}

function nameOf(closable: Closable): string {
  const name: unknown = closable.constructor?.name
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `the ${name}` : 'an object'
}
