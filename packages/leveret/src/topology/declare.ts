import { BrokerVersionError } from '../broker-version-error.js'
import { isRabbitMQSince } from '../connection/broker-identity.js'
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
 * With `check` it asks only whether it exists, with `skip` it declares nothing.
 *
 * @throws {@link BrokerVersionError} in every mode: the broker is too old for what is described
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
  await checkVersion(lane, declarations, signal)
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

/**
 * Asked anew for each connection: nodes of one cluster may differ, and a broker may come back older. Also where nothing is
 * declared, because how a delivery is settled depends on it.
 */
async function checkVersion(lane: Lane, declarations: readonly Declaration[], signal: AbortSignal): Promise<void> {
  for (const declaration of declarations) {
    if (declaration.kind !== 'queue' || declaration.needs === undefined) continue
    const { name, needs } = declaration
    const { since, feature, instead } = needs
    const broker = await lane.whoAnswers(signal)
    if (isRabbitMQSince(broker, since)) continue
    const { address, product, version } = broker
    throw new BrokerVersionError({ queue: name, feature, since, product, version }, { address, instead })
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
  if (error instanceof TopologyMismatchError || error instanceof BrokerVersionError) return true
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
