import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** amqplib takes one turn of the event loop to move what a channel holds into the socket, and one to notice more. */
const TURNS = 3

/** Resolves when all that amqplib holds back has gone into the socket, or the signal is aborted. Never rejects. */
export async function flushed(socket: Duplex, signal: AbortSignal): Promise<void> {
  for (let quiet = 0; quiet < TURNS && !signal.aborted; quiet += 1) {
    if (!socket.writableNeedDrain) await nextTurn()
    else {
      quiet = 0
      await once(socket, 'drain', { signal }).catch(() => undefined)
    }
  }
}

/** Resolves when a socket is closed, in the turn after: amqplib tidies up then. */
export async function closed(socket: Duplex): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  await nextTurn()
}
