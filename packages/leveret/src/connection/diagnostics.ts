import { type Topic, topicOf } from '../async/tracing.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { ConnectionEvents } from './connection-events.js'
import type { LanePurpose } from './lanes/lane-state.js'

/** A message that was handed to the TCP connection, without its content. */
export interface MessageDiagnostics {
  /** Name of the connection. */
  readonly connection: string
  readonly exchange: string
  readonly routingKey: string
  readonly messageId: string
  /** Size of the content. */
  readonly bytes: number
}

/** One of leveret's own channels. */
export interface ChannelDiagnostics {
  readonly connection: string
  readonly lane: LanePurpose
  /** `publishing`, or the name of the queue consumed. */
  readonly purpose: string
}

type Named<Events> = { readonly [Name in keyof Events]: Events[Name] & { readonly connection: string } }

/**
 * What is published on `node:diagnostics_channel`, by the name of the channel without its prefix `leveret:`. While nobody has
 * subscribed, nothing is made for it.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 */
export interface Diagnostics extends Named<ConnectionEvents> {
  /** Handed to the TCP connection for the first time … */
  readonly published: MessageDiagnostics
  /** … and again, under the same id, because its channel was lost before the confirm. */
  readonly resent: MessageDiagnostics
  /** A channel of leveret's own ended alone. A fresh one follows. */
  readonly 'channel-lost': ChannelDiagnostics & { readonly reason: LeveretError }
  /** Open again, and set up as before. */
  readonly 'channel-recovered': ChannelDiagnostics
}

function topic<Name extends keyof Diagnostics>(name: Name): Topic<Diagnostics[Name]> {
  return topicOf(name)
}

/** Ask `hasSubscribers` before making a message. */
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
