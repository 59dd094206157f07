import type { Socket } from 'node:net'
import { flushed } from './flush.js'
import type { Knock } from './knock.js'

/** What a connection has written and its socket has not taken. */
export interface Backlog {
  readonly bytes: number
  /** Resolves when all of it has been taken, or the connection has ended. */
  taken(): Promise<void>
}

/** What a channel knows of the connection that it is on. */
export interface Surroundings {
  readonly backlog: Backlog
  /** Whether the broker would let us in now, on a connection beside this one: it needs its records of users, rights and vhosts for that. Never rejects. */
  wouldLetIn(signal: AbortSignal): Promise<boolean>
}

/** @param signal - of the connection: aborted when it ends */
export function surroundingsOf(socket: Socket, signal: AbortSignal, knock: Knock): Surroundings {
  return {
    backlog: {
      get bytes() {
        return socket.writableLength
      },
      taken: async () => await flushed(socket, signal),
    },
    wouldLetIn: async (asking) => await knock.isAnswered(asking),
  }
}
