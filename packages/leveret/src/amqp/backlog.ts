import type { Socket } from 'node:net'
import { flushed } from './amqplib/flush.js'

/** The bytes that a connection has written and its socket has not sent yet. */
export interface Backlog {
  readonly bytes: number
  /** Resolves when the socket has sent all of them, or the connection has ended. */
  taken(): Promise<void>
}

/** @param signal - the connection's signal, aborted when the connection ends */
export function backlogOf(socket: Socket, signal: AbortSignal): Backlog {
  return {
    get bytes() {
      return socket.writableLength
    },
    taken: async () => await flushed(socket, signal),
  }
}
