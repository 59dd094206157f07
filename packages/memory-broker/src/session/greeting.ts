import { type ReplyCode, ReplyError } from '../broker/rules/reply-error.js'
import { FieldTable } from '../wire/field-table.js'
import { PROTOCOL_HEADER } from '../wire/frames.js'
import type { Arguments, Method } from '../wire/methods.js'
import { hasCapability, readCredentials, serverProperties } from './handshake.js'
import type { SessionHost } from './socket/host.js'
import type { Output } from './socket/output.js'

/** The parameters of a connection that client and broker agreed on. */
export interface Agreement {
  readonly user: string
  readonly vhost: string
  readonly clientProperties: FieldTable
  readonly channelMax: number
  readonly frameMax: number
  readonly heartbeatSeconds: number
}

/**
 * The error for a refused login. A client without the capability `authentication_failure_close` is cut off silently.
 */
export class LoginError extends Error {
  override readonly name = 'LoginError'
  readonly reply: ReplyError
  readonly isReadable: boolean

  constructor(reply: ReplyError, isReadable: boolean) {
    super(reply.message)
    this.reply = reply
    this.isReadable = isReadable
  }
}

/** Carries out the handshake of a connection: start, tune, open. */
export class Greeting {
  readonly #host: SessionHost
  readonly #output: Output
  #clientProperties = FieldTable.empty
  #user = ''
  #tuned: Arguments<'connection.tune-ok'> | undefined

  constructor(host: SessionHost, output: Output) {
    this.#host = host
    this.#output = output
  }

  get user(): string {
    return this.#user
  }

  /**
   * Answers the first bytes of a client. One that does not speak AMQP 0-9-1 gets the protocol header.
   * @returns whether the client speaks AMQP 0-9-1
   */
  begin(header: Buffer): boolean {
    if (header.equals(PROTOCOL_HEADER)) this.#start()
    else this.#output.raw(PROTOCOL_HEADER)
    return header.equals(PROTOCOL_HEADER)
  }

  #start(): void {
    const { profile } = this.#host.broker
    this.#output.send(0, 'connection.start', {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(profile),
      mechanisms: Buffer.from(profile.mechanisms),
      locales: Buffer.from('en_US'),
    })
  }

  /** @returns the agreed parameters, once the handshake is complete @throws ReplyError, LoginError */
  take(method: Method): Agreement | undefined {
    if (method.name === 'connection.start-ok') this.#login(method.args)
    else if (method.name === 'connection.tune-ok' && this.#user !== '') this.#tune(method.args)
    else if (method.name === 'connection.open' && this.#tuned !== undefined) return this.#open(method.args, this.#tuned)
    else throw new ReplyError(503, `${method.name} is not expected during the handshake`)
    return undefined
  }

  #login({ clientProperties, mechanism, response }: Arguments<'connection.start-ok'>): void {
    const { broker, faults, limits } = this.#host
    this.#clientProperties = clientProperties
    const isReadable = hasCapability(clientProperties, 'authentication_failure_close')
    const credentials = readCredentials(mechanism, response)
    if (faults.refusal !== undefined)
      throw new LoginError(new ReplyError(faults.refusal as ReplyCode, 'refused by a test'), isReadable)
    if (!broker.access.isPassword(credentials.user, credentials.password)) {
      const text = `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`
      throw new LoginError(new ReplyError(403, text, 'connection'), isReadable)
    }
    this.#user = credentials.user
    const { channelMax, frameMax, heartbeatSeconds: heartbeat } = limits
    this.#output.send(0, 'connection.tune', { channelMax, frameMax, heartbeat })
  }

  #tune(args: Arguments<'connection.tune-ok'>): void {
    const { broker, limits } = this.#host
    const { frameMin } = broker.profile
    check('frame_max', args.frameMax, limits.frameMax)
    check('channel_max', args.channelMax, limits.channelMax)
    if (args.frameMax !== 0 && args.frameMax < frameMin)
      throw silent(`negotiated frame_max = ${args.frameMax} is lower than the minimum allowed value (${frameMin})`)
    this.#tuned = args
  }

  #open({ virtualHost }: Arguments<'connection.open'>, tuned: Arguments<'connection.tune-ok'>): Agreement {
    checkVhost(this.#host, virtualHost, this.#user)
    this.#output.send(0, 'connection.open-ok', { knownHosts: '' })
    const { limits } = this.#host
    return {
      user: this.#user,
      vhost: virtualHost,
      clientProperties: this.#clientProperties,
      channelMax: smaller(tuned.channelMax, limits.channelMax),
      frameMax: smaller(tuned.frameMax, limits.frameMax),
      heartbeatSeconds: tuned.heartbeat,
    }
  }
}

function check(name: string, value: number, limit: number): void {
  if (limit !== 0 && (value === 0 || value > limit))
    throw silent(`negotiated ${name} = ${value} is higher than the maximum allowed value (${limit})`)
}

/** Returns the error that closes the socket silently, as RabbitMQ does before a login. */
function silent(why: string): LoginError {
  return new LoginError(new ReplyError(530, why), false)
}

function checkVhost(host: SessionHost, vhost: string, user: string): void {
  const { broker } = host
  const known = broker.vhosts.get(vhost)
  if (known === undefined) throw new ReplyError(530, `vhost ${vhost} not found`)
  if (broker.access.permissions(vhost, user) === undefined)
    throw new ReplyError(530, `access to vhost '${vhost}' refused for user '${user}'`)
  const most = known.reached('max-connections', host.connectionsOf({ vhost }))
  if (most !== undefined)
    throw new ReplyError(
      530,
      `access to vhost '${vhost}' refused for user '${user}': connection limit (${most}) is reached`,
    )
  const { 'max-connections': mostOfUser = -1 } = broker.access.limits(user)
  if (mostOfUser >= 0 && host.connectionsOf({ user }) >= mostOfUser)
    throw new ReplyError(530, `connection refused for user '${user}': user connection limit (${mostOfUser}) is reached`)
}

/** Returns the smaller limit. Zero means no limit. */
function smaller(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b)
}
