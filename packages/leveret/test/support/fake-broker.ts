import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { onTestFinished } from 'vitest'

/** What a fake broker says in the same write as a step of the real handshake. */
export interface Said {
  readonly with: 'start' | 'tune' | 'open-ok'
  readonly bytes: Buffer
}

/** A server that shakes hands as RabbitMQ does, and then says what it likes. It never hangs up. */
export interface FakeBroker {
  readonly url: string
  /** Connections that the client has not closed. */
  readonly open: ReadonlySet<net.Socket>
}

/** @param secure - speaks TLS, with this certificate */
export async function fakeBroker(said: Said, secure?: tls.TlsOptions): Promise<FakeBroker> {
  const open = new Set<net.Socket>()
  const onConnection = (socket: net.Socket): void => {
    open.add(socket)
    // A client that has closed only its own half hears it; one that has destroyed its socket answers with a reset.
    const beating = setInterval(() => socket.writable && socket.readableEnded && socket.write(HEARTBEAT), 20)
    socket
      .on('error', () => undefined)
      .on('close', () => {
        clearInterval(beating)
        open.delete(socket)
      })
    shakeHands(socket, said)
  }
  const server =
    secure === undefined
      ? net.createServer({ allowHalfOpen: true, noDelay: true }, onConnection)
      : tls.createServer({ ...secure, allowHalfOpen: true }, onConnection)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  const { port } = server.address() as net.AddressInfo
  return { url: `${secure === undefined ? 'amqp' : 'amqps'}://127.0.0.1:${port}`, open }
}

/** The next step follows when anything has come. */
function shakeHands(socket: net.Socket, said: Said): void {
  const steps: [name: Said['with'], bytes: Buffer][] = [
    ['start', start],
    ['tune', tune],
    ['open-ok', openOk],
  ]
  let waitsFor = OPENED_BY
  let heard = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes])
    const [sign, ...later] = waitsFor
    if (sign === undefined || !heard.includes(sign)) return
    waitsFor = later
    const [name, step] = steps.shift() ?? ['start', Buffer.alloc(0)]
    socket.write(name === said.with ? Buffer.concat([step, said.bytes]) : step)
  })
}

/** A frame as AMQP has it: 1 is a method, 2 a header, 3 a body, 8 a heartbeat. */
export function frameOf(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7)
  head[0] = type
  head.writeUInt16BE(channel, 1)
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}

/** A method on a channel. */
export function method(channel: number, [classId, methodId]: readonly [number, number], ...fields: Buffer[]): Buffer {
  return frameOf(1, channel, Buffer.concat([Buffer.from([0, classId, 0, methodId]), ...fields]))
}

/** `connection.close` with a code and a text, over no method. */
export function connectionClose(code: number, text: string): Buffer {
  const number = Buffer.from([code >> 8, code & 0xff])
  return method(0, [10, 50], number, short(text), Buffer.alloc(4))
}

function short(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])
}

function long(text: string): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])
}

const start = method(0, [10, 10], Buffer.from([0, 9]), long(''), long('PLAIN'), long('en_US'))
const tune = method(0, [10, 30], Buffer.from([0, 100, 0, 2, 0, 0, 0, 1]))

/** `connection.open-ok`. */
export const openOk: Buffer = method(0, [10, 41], short(''))

const HEARTBEAT = frameOf(8, 0, Buffer.alloc(0))

/** What the client says before each step of the server's: the protocol header, `start-ok`, `open`. */
const OPENED_BY = [Buffer.from('AMQP'), Buffer.from([0, 10, 0, 11]), Buffer.from([0, 10, 0, 40])]
