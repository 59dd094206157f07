import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { SocketBatcher } from '../../src/amqp/frames/socket-batcher.js'
import { Random } from '../support/random.js'

/** A socket that keeps what is written to it, call by call. */
class Socket extends Duplex {
  readonly calls: Buffer[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.calls.push(Buffer.from(chunk))
    done()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what is written in one turn, by whomever, is one call', async () => {
  const socket = new Socket()
  const wire = new SocketBatcher(socket)
  wire.write(Buffer.from('a'))
  socket.write(Buffer.from('b'))
  wire.write(Buffer.from('c'))
  expect(socket.calls).toEqual([])
  await turn()
  expect(socket.calls.map(String)).toEqual(['abc'])
  socket.write(Buffer.from('d'))
  await turn()
  expect(socket.calls.map(String)).toEqual(['abc', 'd'])
})

test('a long chunk is one call too, with what was written before and after it in the same turn', async () => {
  const socket = new Socket()
  socket._writev = (chunks, done) => {
    socket.calls.push(Buffer.concat(chunks.map(({ chunk }) => chunk)))
    done()
  }
  const wire = new SocketBatcher(socket)
  for (const text of ['a', 'b'.repeat(20_000), 'c', 'd'.repeat(70_000), 'e']) wire.write(Buffer.from(text))
  expect(socket.calls).toEqual([])
  await turn()
  expect(socket.calls.map(({ length }) => length)).toEqual([90_003])
  expect(String(socket.calls[0])).toMatch(/^ab+cd+e$/)
})

test('the end comes after what was written before it, and texts keep their place', async () => {
  const socket = new Socket()
  const wire = new SocketBatcher(socket)
  wire.write(Buffer.from('a'))
  socket.write('b')
  wire.write(Buffer.from('c'))
  socket.end('d')
  await turn()
  expect(Buffer.concat(socket.calls).toString()).toBe('abcd')
  expect(socket.writableFinished).toBe(true)
})

test('nothing that was gathered is overwritten, and all keeps its order, whatever the lengths', async () => {
  const random = new Random(7)
  const socket = new Socket()
  const wire = new SocketBatcher(socket)
  const written: Buffer[] = []
  for (let n = 0; n < 3_000; n += 1) {
    const length = random.chance(0.02) ? random.below(40_000) : random.below(500)
    const chunk = Buffer.alloc(length, n % 256)
    written.push(chunk)
    if (random.chance(0.5)) wire.write(chunk)
    else if (length <= 16_000) {
      const { bytes, offset } = wire.room(length + random.below(100))
      chunk.copy(bytes, offset)
      wire.keep(length)
    } else socket.write(chunk)
    if (random.chance(0.01)) await turn()
  }
  await turn()
  expect(Buffer.concat(socket.calls).equals(Buffer.concat(written))).toBe(true)
  expect(socket.calls.length).toBeLessThan(300)
})

test('writers learn that the socket is full, and wait for its drain', async () => {
  const socket = new Socket({ highWaterMark: 10 })
  let finish = (): void => undefined
  socket._write = (_chunk, _encoding, done) => {
    finish = done
  }
  const wire = new SocketBatcher(socket)
  expect(wire.write(Buffer.alloc(100))).toBe(true)
  await turn()
  expect(wire.write(Buffer.alloc(1))).toBe(false)
  const drained = new Promise((resolve) => socket.once('drain', resolve))
  await turn()
  finish()
  await turn()
  finish()
  await drained
})
