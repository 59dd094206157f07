import type { Link } from '../../amqp/link.js'
import { sleep } from '../../async/timing.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import { backoffMs } from './backoff.js'
import type { LoginSource } from './credentials.js'

/**
 * Hands the broker a new secret each time the old one is due, until the link is lost or there is nothing more to renew.
 * One that cannot be had is asked for again, later each time; the broker itself decides when the old one has expired. In an alarm it
 * is asked for when that ends, because RabbitMQ reads nothing until then from a connection that has published.
 *
 * @param failed - called for every refresh that failed
 */
export async function keepFresh(
  link: Link,
  refreshMs: number,
  ask: LoginSource,
  failed: (reason: LeveretError) => void,
): Promise<void> {
  const { signal } = link
  let waitMs: number | undefined = refreshMs
  let failures = 0
  while (waitMs !== undefined) {
    await sleep(waitMs, signal).catch(() => undefined)
    if (signal.aborted) return
    try {
      await link.whenRead()
      const grant = await ask(signal)
      if (grant !== undefined) await link.updateSecret(grant.login)
      waitMs = grant?.refreshMs
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      failed(error as LeveretError)
      waitMs = backoffMs(failures + 1, Math.random())
    }
  }
}
