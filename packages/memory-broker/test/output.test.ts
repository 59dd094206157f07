import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Output } from '../src/session/socket/output.js'

/** A socket whose system takes everything at once. */
function greedySocket(): { readonly socket: Socket; readonly taken: () => number } {
  let bytes = 0
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done()
    },
  })
  // A Writable has all of a socket that an Output uses.
  return { socket: writable as unknown as Socket, taken: () => bytes }
}

test('a writer that found no room learns of room later, also where the system took everything at once', async () => {
  const { socket, taken } = greedySocket()
  const told: string[] = []
  const output = new Output(socket, { sent: () => undefined, drained: () => void told.push('there is room') })
  output.raw(Buffer.alloc(5 * 1024 * 1024))
  expect(output.isWritable).toBe(false)
  await turn()
  await turn()
  expect(taken()).toBe(5 * 1024 * 1024)
  expect(output.isWritable).toBe(true)
  expect(told).toEqual(['there is room'])
})
