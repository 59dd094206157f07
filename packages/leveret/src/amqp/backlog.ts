import type { Socket } from 'node:net'
import { flushed } from './amqplib/flush.js'

/** What a connection has written and its socket has not taken. */
export interface Backlog {
  readonly bytes: number
  /** Resolves when all of it has been taken, or the connection has ended. */
  taken(): Promise<void>
}

/** @param signal - of the connection: aborted when it ends */
export function backlogOf(socket: Socket, signal: AbortSignal): Backlog {
  return {
    get bytes() {
      return socket.writableLength
    },
    taken: async () => await flushed(socket, signal),
  }
}
