import { isRabbitMQSince } from '../amqp/broker-identity.js'
import type { Channel } from '../amqp/channel.js'
import type { Declaration } from '../amqp/declaration.js'
import { unlessAborted } from '../async/timing.js'
import type { ConnectSettings } from '../connection/connect-options.js'
import type { Lane } from '../connection/lanes/lane.js'
import { BrokerError } from '../errors/broker-error.js'
import { BrokerVersionError } from '../errors/broker-version-error.js'
import { ConnectionError } from '../errors/connection-error.js'
import { TopologyMismatchError } from '../errors/topology-mismatch-error.js'
import { describedAsItIs } from './as-it-is.js'
import { readMismatch } from './mismatch.js'

const CLOSE_TIMEOUT_MS = 2_000

/** The lane and the channel for {@link declareOn}. */
export interface DeclaringOn {
  readonly lane: Lane
  /** A channel of the caller that has not been used for anything else. */
  readonly channel: Channel
}

/**
 * Declares everything in the list, on the spare channel of a lane, because a refused declaration closes its channel.
 *
 * With `check` it only asks whether the objects exist; with `skip` it declares nothing.
 *
 * @throws {@link BrokerVersionError} in every mode: the broker is too old for a declaration
 * @throws {@link TopologyMismatchError} an object exists with other arguments
 * @throws {@link BrokerError} the broker refused a declaration for another reason
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

/** Declares like {@link declare}, on a channel of the caller, which the broker closes when it refuses a declaration. */
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

/** Declares on a separate connection, because the broker may close it. */
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
 * Checks the broker's version for each connection, because nodes of a cluster may differ, and a broker may be
 * downgraded. It also runs where nothing is declared, because the version decides how deliveries are settled.
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

/**
 * The reason with which the broker closed a separate connection. Nothing else happens there, so it concerns the
 * declaration.
 */
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
    const { current: _current, ...difference } = mismatch
    const describedAs = describedAsItIs(declaration, mismatch)
    throw new TopologyMismatchError({ ...difference, describedAs }, { cause: error })
  }
}

/** Checks whether an object exists. AMQP cannot check a binding. */
async function checkOne(channel: Channel, declaration: Declaration): Promise<void> {
  if (declaration.kind === 'queue') await channel.checkQueue(declaration.name)
  else if (declaration.kind === 'exchange') await channel.checkExchange(declaration.name)
}

/** Whether other programs declare the object. Its passive declaration compares no arguments. */
function isOfOthers(declaration: Declaration): boolean {
  return declaration.kind !== 'binding' && declaration.existing === true
}

/**
 * Whether RabbitMQ may close the whole connection over a declaration: of a queue kind that it no longer supports, or,
 * before 4.0, of an exchange type that it does not know.
 */
function mayCostConnection(declaration: Declaration): boolean {
  if (declaration.kind === 'binding' || isOfOthers(declaration)) return false
  return declaration.kind === 'queue' ? !declaration.durable : declaration.type.startsWith('x-')
}
