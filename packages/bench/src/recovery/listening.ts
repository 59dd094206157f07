import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { PATIENCE_MS } from './probe.js'

const PAUSE_MS = 5
const ANSWER_MS = 1_000
const AMQP_0_9_1 = 'AMQP\x00\x00\x09\x01'
/** The first bytes of a method frame on channel 0. */
const METHOD = [1, 0, 0]
/** The first bytes of its payload if it is connection.start: class 10, method 10. */
const CONNECTION_START = [0, 10, 0, 10]
const PAYLOAD_AT = 7

/**
 * Waits until a broker listens: it accepts a connection and answers the protocol header with connection.start. An open
 * port alone proves less, because the port of a container can be open before its broker is.
 *
 * @returns the time, at most 5 ms late; `Infinity` if the broker does not listen in time
 */
export async function listeningAt(url: string): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    if (await answers(url)) return performance.now()
    await sleep(PAUSE_MS)
  }
  return Number.POSITIVE_INFINITY
}

/** Whether the bytes begin a connection.start; `undefined` if there are too few to tell. */
export function isConnectionStart(bytes: Buffer): boolean | undefined {
  if (bytes.length < PAYLOAD_AT + CONNECTION_START.length) return undefined
  const at = (offset: number, expected: readonly number[]): boolean =>
    expected.every((byte, index) => bytes[offset + index] === byte)
  return at(0, METHOD) && at(PAYLOAD_AT, CONNECTION_START)
}

function answers(url: string): Promise<boolean> {
  const { hostname: host, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), noDelay: true })
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    let received = Buffer.alloc(0)
    socket.setTimeout(ANSWER_MS, () => settle(false))
    socket.once('connect', () => socket.write(AMQP_0_9_1, 'latin1'))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const start = isConnectionStart(received)
      if (start !== undefined) settle(start)
    })
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
  })
}
