import type { Channel } from '../connection/channel.js'
import type { ConnectSettings } from '../connection/connect-options.js'
import type { Declaration } from '../connection/declaration.js'
import type { Lane } from '../connection/lane.js'
import { BrokerError, ConnectionError, type LeveretError, TopologyMismatchError } from '../errors.js'
import { unlessAborted } from '../timing.js'
import { readMismatch } from './mismatch.js'

const CLOSE_TIMEOUT_MS = 2_000

/**
 * Makes sure that everything declared exists, on a channel of its own that is thrown away afterwards: a refused
 * declaration closes its channel, and nobody else is to suffer for it.
 *
 * With `check` it asks only whether it exists, with `skip` it does nothing.
 *
 * @throws {@link TopologyMismatchError} it exists with other arguments
 * @throws {@link BrokerError} the broker refused it for another reason
 * @throws {@link ConnectionError} there was no connection, or no answer in time
 */
export async function declare(
  lane: Lane,
  declarations: readonly Declaration[],
  mode: ConnectSettings['topology'],
  signal: AbortSignal,
): Promise<void> {
  if (mode === 'skip') return
  // A broker that no longer permits transient queues answers by closing the whole connection.
  const link = declarations.some(isTransientQueue) ? await lane.openLink(signal) : undefined
  if (link === undefined) {
    await declareOn(await lane.openChannel('plain', {}, signal), declarations, mode)
    return
  }
  try {
    await unlessAborted(signal, declareOn(await link.openChannel('plain', {}), declarations, mode))
  } catch (error) {
    throw closedOverIt(error) ?? error
  } finally {
    await link.close(CLOSE_TIMEOUT_MS)
  }
}

/** Nothing else happens on a connection of its own: what the broker closed it with is about the declaration. */
function closedOverIt(error: unknown): BrokerError | undefined {
  if (!(error instanceof ConnectionError) || !(error.cause instanceof BrokerError)) return undefined
  return new BrokerError('Declaring a queue', error.cause, { cause: error.cause })
}

async function declareOn(
  channel: Channel,
  declarations: readonly Declaration[],
  mode: 'declare' | 'check',
): Promise<void> {
  try {
    for (const declaration of declarations) {
      await (mode === 'check' ? checkOne(channel, declaration) : declareOne(channel, declaration))
    }
  } finally {
    await channel.close(CLOSE_TIMEOUT_MS)
  }
}

/** Whether the same declaration will be refused again, however often it is tried. */
export function isRefusedForGood(error: LeveretError): boolean {
  if (error instanceof TopologyMismatchError) return true
  return error instanceof BrokerError && !error.retryable && (error.replyCode === 406 || error.replyCode === 541)
}

async function declareOne(channel: Channel, declaration: Declaration): Promise<void> {
  try {
    if (declaration.kind === 'queue') await channel.declareQueue(declaration)
    else if (declaration.kind === 'exchange') await channel.declareExchange(declaration)
    else await channel.bind(declaration)
  } catch (error) {
    const mismatch = error instanceof BrokerError ? readMismatch(error.replyText) : undefined
    if (mismatch === undefined) throw error
    throw new TopologyMismatchError(mismatch, { cause: error })
  }
}

/** Nothing can be asked of a binding. */
async function checkOne(channel: Channel, declaration: Declaration): Promise<void> {
  if (declaration.kind === 'queue') await channel.checkQueue(declaration.name)
  else if (declaration.kind === 'exchange') await channel.checkExchange(declaration.name)
}

function isTransientQueue(declaration: Declaration): boolean {
  return declaration.kind === 'queue' && !declaration.durable
}
