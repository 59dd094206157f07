import type * as amqp from 'amqplib'
import { PublishFrames } from '../frames/publish-frames.js'
import type { SocketBatcher } from '../frames/socket-batcher.js'

/** Stream in which amqplib collects the frames of a channel. It moves them to the socket one turn later. */
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

/** Reads the `frame_max` of the handshake. @returns `undefined` if amqplib no longer has this undocumented field */
export function frameMaxOf({ connection }: amqp.ChannelModel): number | undefined {
  const { frameMax } = connection as { frameMax?: unknown }
  return typeof frameMax === 'number' ? frameMax : undefined
}

/**
 * Makes amqplib write the frames of a channel directly to the wire.
 *
 * Between the two, amqplib takes turns among channels, at the cost of two streams for each frame. Without that, all
 * frames go out in the order in which they were written. Call it right after the channel was opened, while no frame is
 * in between.
 *
 * @returns a writer for messages that keeps the order with everything amqplib writes on this channel; `undefined` if
 *   amqplib no longer has these undocumented fields, and then nothing has changed
 */
export function writeStraight(raw: amqp.Channel, wire: SocketBatcher): PublishFrames | undefined {
  const { ch, connection } = raw as unknown as Undocumented
  if (typeof ch !== 'number' || typeof connection?.frameMax !== 'number') return undefined
  const entry = connection.channels?.[ch] ?? {}
  const outlet = entry.buffer
  if (typeof outlet?.write !== 'function' || typeof outlet.end !== 'function') return undefined
  entry.buffer = { write: (chunk) => wire.write(chunk), end: () => outlet.end?.() }
  return new PublishFrames(wire, ch, connection.frameMax)
}
