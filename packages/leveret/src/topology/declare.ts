import { isRabbitMQSince } from '../amqp/broker-identity.js'
import type { Channel } from '../amqp/channel.js'
import type { Declaration } from '../amqp/declaration.js'
import { unlessAborted } from '../async/timing.js'
import type { ConnectSettings } from '../connection/connect-options.js'
import type { Lane } from '../connection/lanes/lane.js'
import { BrokerVersionError } from '../errors/broker-version-error.js'
import { BrokerError, ConnectionError } from '../errors/errors.js'
import { TopologyMismatchError } from '../errors/topology-mismatch-error.js'
import { describedAsItIs } from './as-it-is.js'
import { readMismatch } from './mismatch.js'

const CLOSE_TIMEOUT_MS = 2_000

/** Where things are declared. */
export interface DeclaringOn {
  readonly lane: Lane
  /** One of the caller's own that is used for nothing else yet. */
  readonly channel: Channel
}

/**
 * Makes sure that everything declared exists, on the spare channel of a lane: a refused declaration closes its channel, and
 * nobody else is to suffer for it.
 *
 * With `check` it asks only whether it exists, with `skip` it declares nothing.
 *
 * @throws {@link BrokerVersionError} in every mode: the broker is too old for what is described
 * @throws {@link TopologyMismatchError} it exists with other arguments
 * @throws {@link BrokerError} the broker refused it for another reason
 * @throws {@link ConnectionError} there was no connection, no channel, or no answer in time
 */
export async function declare(
  lane: Lane,
  declarations: readonly Declaration[],
  mode: ConnectSettings['topology'],
  signal: AbortSignal,
): Promise<void> {
  await checkVersion(lane, declarations, signal)
  if (mode === 'skip') return
  if (declarations.some(mayCostConnection)) return await declareApart(lane, declarations, mode, signal)
  await lane.spare.use(signal, (channel) => declareAll(channel, declarations, mode))
}

/** Like {@link declare}, on a channel of the caller's own, which the broker closes when it refuses something. */
export async function declareOn(
  { lane, channel }: DeclaringOn,
  declarations: readonly Declaration[],
  mode: ConnectSettings['topology'],
  signal: AbortSignal,
): Promise<void> {
  if (mode === 'skip' || declarations.some(mayCostConnection)) return await declare(lane, declarations, mode, signal)
  await checkVersion(lane, declarations, signal)
  await declareAll(channel, declarations, mode)
}

/** On a connection of their own, for the broker may close it. */
async function declareApart(
  lane: Lane,
  declarations: readonly Declaration[],
  mode: 'declare' | 'check',
  signal: AbortSignal,
): Promise<void> {
  const link = await lane.openLink(signal)
  try {
    const channel = await unlessAborted(signal, link.openChannel('plain', {}))
    await unlessAborted(signal, declareAll(channel, declarations, mode)).catch((error: unknown) => {
      throw closedOverIt(error) ?? error
    })
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
  return new BrokerError('Declaring the topology', error.cause, { cause: error.cause })
}

async function declareAll(
  channel: Channel,
  declarations: readonly Declaration[],
  mode: 'declare' | 'check',
): Promise<void> {
  for (const declaration of declarations) {
    await (mode === 'check' || isOfOthers(declaration) ? checkOne : declareOne)(channel, declaration)
  }
}

async function declareOne(channel: Channel, declaration: Declaration): Promise<void> {
  if (declaration.kind === 'binding') return await channel.bind(declaration)
  try {
    if (declaration.kind === 'queue') await channel.declareQueue(declaration)
    else await channel.declareExchange(declaration)
  } catch (error) {
    const mismatch = error instanceof BrokerError ? readMismatch(error.replyText) : undefined
    if (mismatch === undefined) throw error
    const { current: _current, ...told } = mismatch
    const describedAs = describedAsItIs(declaration, mismatch)
    throw new TopologyMismatchError({ ...told, describedAs }, { cause: error })
  }
}

/** Nothing can be asked of a binding. */
async function checkOne(channel: Channel, declaration: Declaration): Promise<void> {
  if (declaration.kind === 'queue') await channel.checkQueue(declaration.name)
  else if (declaration.kind === 'exchange') await channel.checkExchange(declaration.name)
}

/** A passive declaration compares nothing. */
function isOfOthers(declaration: Declaration): boolean {
  return declaration.kind !== 'binding' && declaration.existing === true
}

/** RabbitMQ may answer with the end of the whole connection: over a queue that it has retired, and, before 4.0, over a type of exchange that it does not know. */
function mayCostConnection(declaration: Declaration): boolean {
  if (declaration.kind === 'binding' || isOfOthers(declaration)) return false
  return declaration.kind === 'queue' ? !declaration.durable : declaration.type.startsWith('x-')
}
