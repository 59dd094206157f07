import type { Socket } from 'node:net'
import { HEARTBEAT } from '../../wire/frames.js'
import type { Output } from './output.js'

/** Parts of a connection that its heartbeat watches. */
export interface Beating {
  readonly socket: Socket
  readonly output: Output
  /** Whether the broker has stopped reading. Silence then means nothing. */
  readonly isBlocked: () => boolean
  /** Called when nothing has come for two intervals. */
  readonly silent: () => void
}

/** How many checks, and heartbeats if nothing else was written, an interval has: two, as the protocol advises. */
const BEATS_PER_INTERVAL = 2

/**
 * How many checks without a byte count as silence. Checks are counted, not time, because a stalled process must not
 * blame its clients.
 */
const LOOKS_UNTIL_SILENT = 4

/** Sends and watches the heartbeats of a connection, in real time. */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined

  start(seconds: number, { socket, output, isBlocked, silent }: Beating): void {
    if (seconds === 0) return
    let [read, written, looks] = [-1, -1, 0]
    const look = (): void => {
      if (socket.bytesWritten === written) output.raw(HEARTBEAT)
      looks = socket.bytesRead === read && !isBlocked() ? looks + 1 : 0
      read = socket.bytesRead
      written = socket.bytesWritten
      if (looks > LOOKS_UNTIL_SILENT) silent()
    }
    this.#timer = setInterval(look, (seconds * 1000) / BEATS_PER_INTERVAL)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
