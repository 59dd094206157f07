import { type Topic, topicOf } from '../async/tracing.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { ConnectionEvents } from './connection-events.js'
import type { LanePurpose } from './lanes/lane-state.js'

/** Facts about a message that was written to the TCP connection, without its content. */
export interface MessageDiagnostics {
  /** Name of the connection. */
  readonly connection: string
  readonly exchange: string
  readonly routingKey: string
  readonly messageId: string
  /** Size of the content. */
  readonly bytes: number
}

/** Facts about one of leveret's own channels. */
export interface ChannelDiagnostics {
  readonly connection: string
  readonly lane: LanePurpose
  /** Purpose of the channel: `publishing`, or the name of the queue consumed. */
  readonly purpose: string
}

/** The events of connections, each with the name of its connection. */
export type ConnectionDiagnostics = {
  readonly [Name in keyof ConnectionEvents]: ConnectionEvents[Name] & { readonly connection: string }
}

/**
 * Messages on `node:diagnostics_channel`, by the name of the channel without its prefix `leveret:`. A channel without a
 * subscriber costs nothing.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 */
export interface Diagnostics extends ConnectionDiagnostics {
  /** A message was written to the TCP connection for the first time … */
  readonly published: MessageDiagnostics
  /** … and again, under the same id, because its channel was lost before the confirm. */
  readonly resent: MessageDiagnostics
  /** A channel of leveret's own ended alone. A fresh one follows. */
  readonly 'channel-lost': ChannelDiagnostics & { readonly reason: LeveretError }
  /** A channel is open again, and set up as before. */
  readonly 'channel-recovered': ChannelDiagnostics
}

function topic<Name extends keyof Diagnostics>(name: Name): Topic<Diagnostics[Name]> {
  return topicOf(name)
}

/** The diagnostics channels of leveret. Check `hasSubscribers` before you create a message. */
export const diagnostics: { readonly [Name in keyof Diagnostics]: Topic<Diagnostics[Name]> } = {
  connected: topic('connected'),
  disconnected: topic('disconnected'),
  'connect-failed': topic('connect-failed'),
  blocked: topic('blocked'),
  unblocked: topic('unblocked'),
  'credentials-failed': topic('credentials-failed'),
  'event-loop-blocked': topic('event-loop-blocked'),
  closed: topic('closed'),
  published: topic('published'),
  resent: topic('resent'),
  'channel-lost': topic('channel-lost'),
  'channel-recovered': topic('channel-recovered'),
}
