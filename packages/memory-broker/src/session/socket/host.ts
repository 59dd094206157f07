import type { Broker } from '../../broker/broker.js'
import type { MethodName } from '../../wire/methods.js'

/** Parts of a broker that its sessions share. */
export interface SessionHost {
  readonly broker: Broker
  readonly limits: SessionLimits
  readonly faults: SessionFaults
  /** How many open connections there are to a vhost, or of a user. */
  connectionsOf(of: { readonly vhost: string } | { readonly user: string }): number
  /** How many channels a user has open. */
  channelsOf(user: string): number
  /** Called when something came from a client or went to one. */
  touched(): void
}

/** Limits that the broker offers in a handshake. */
export interface SessionLimits {
  readonly channelMax: number
  readonly frameMax: number
  readonly heartbeatSeconds: number
}

/** Faults on demand, as a session asks for them. */
export interface SessionFaults {
  /** The code that refuses logins; `undefined` to accept them. */
  readonly refusal: number | undefined
  /** Whether this command of a client is lost. */
  drops(method: MethodName): boolean
}

/** A client's connection, as its channels see it. */
export interface ConnectionLink {
  readonly name: string
  readonly user: string
  readonly vhost: string
  /** How many channels its user has open, over all connections. */
  readonly channelsOfUser: number
  /** Whether the client understands a `basic.cancel` that comes from the broker. */
  readonly takesCancel: boolean
}
