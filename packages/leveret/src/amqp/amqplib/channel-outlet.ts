import type * as amqp from 'amqplib'
import { PublishFrames } from '../frames/publish-frames.js'
import type { Wire } from '../frames/socket-batcher.js'

/** Where amqplib writes the frames of a channel: a stream, from which it moves them to the socket a turn later. */
interface Outlet {
  write(chunk: Buffer): boolean
  end(): unknown
}

interface Undocumented {
  readonly ch?: unknown
  readonly connection?: {
    readonly frameMax?: unknown
    readonly channels?: readonly ({ buffer?: Partial<Outlet> } | null | undefined)[]
  }
}

/** The size of frames agreed on in the handshake. @returns `undefined` when the field is not there that amqplib does not document */
export function frameMaxOf({ connection }: amqp.ChannelModel): number | undefined {
  const { frameMax } = connection as { frameMax?: unknown }
  return typeof frameMax === 'number' ? frameMax : undefined
}

/**
 * Has a channel write to the wire itself. What amqplib has between the two takes turns among channels, at the cost of two streams
 * for each frame; here all frames go in the order in which they were written.
 *
 * Call it when the channel has just been opened: nothing is under way.
 *
 * @returns the way to publish without amqplib, in order with all that it writes on this channel; `undefined`, and nothing has
 *   changed, when the fields are not there that amqplib does not document
 */
export function writeStraight(raw: amqp.Channel, wire: Wire): PublishFrames | undefined {
  const { ch, connection } = raw as unknown as Undocumented
  if (typeof ch !== 'number' || typeof connection?.frameMax !== 'number') return undefined
  const entry = connection.channels?.[ch] ?? {}
  const outlet = entry.buffer
  if (typeof outlet?.write !== 'function' || typeof outlet.end !== 'function') return undefined
  entry.buffer = { write: (chunk) => wire.write(chunk), end: () => outlet.end?.() }
  return new PublishFrames(wire, ch, connection.frameMax)
}
