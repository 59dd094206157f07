import { randomUUID } from 'node:crypto'
import type { Lane } from '../connection/lanes/lane.js'
import { BrokerError } from '../errors/broker-error.js'

const CLOSE_TIMEOUT_MS = 2_000
/**
 * A priority that RabbitMQ refuses for every queue, so nothing is consumed. For a stream the refusal says that its type
 * takes no priority at all (3.10.8, 4.3.6).
 */
const NO_PRIORITY = 0.5
const OF_STREAM = / of queue type rabbit_stream/

/**
 * Finds out whether a queue that another program declared is a stream. A passive declaration does not show that.
 * `basic.get` from a stream closes the whole connection, and a consumer without an offset gets none of the stored
 * messages.
 *
 * @returns `false` also if the broker does not say: there is no such queue, or the user may not read it
 * @throws {@link ConnectionError}
 */
export async function isStream(lane: Lane, queue: string, signal: AbortSignal): Promise<boolean> {
  return await lane.spare.use(signal, async (channel) => {
    try {
      await channel.consume(queue, `leveret-${randomUUID()}`, () => undefined, { priority: NO_PRIORITY })
      return false
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      return OF_STREAM.test(error.replyText)
    } finally {
      await channel.close(CLOSE_TIMEOUT_MS)
    }
  })
}
