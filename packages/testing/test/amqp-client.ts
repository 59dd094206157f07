import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

const protocolHeader = 'AMQP\x00\x00\x09\x01'

/** As much of AMQP 0-9-1 as opening a connection takes, so that these tests need no client library. */
export interface AmqpClient {
  /** Resolves with the broker's text when the broker closes the connection. */
  readonly closed: Promise<string>
  destroy(): void
}

/**
 * Opens a connection.
 *
 * @throws Error when the broker closes it instead
 */
export async function openAmqp(url: string): Promise<AmqpClient> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  const response = `\x00${decodeURIComponent(username)}\x00${decodeURIComponent(password)}`
  return open(socket, { mechanism: 'PLAIN', response, vhost: decodeURIComponent(pathname.slice(1)) || '/' })
}

/**
 * Opens a connection to the vhost `/` over TLS, as whom the certificate in `trust` names.
 *
 * @throws Error when either side refuses the other's certificate, or the broker closes the connection
 */
export async function openAmqpByCertificate(tlsUrl: string, trust: ConnectionOptions): Promise<AmqpClient> {
  return open(dialTls(tlsUrl, trust), { mechanism: 'EXTERNAL', response: '', vhost: '/' })
}

/**
 * Says hello over TLS.
 *
 * @returns the ways to log in that the broker offers in its answer, connection.start
 * @throws Error when either side refuses the other's certificate
 */
export async function offeredMechanisms(tlsUrl: string, trust: ConnectionOptions): Promise<string[]> {
  const socket = dialTls(tlsUrl, trust)
  socket.write(protocolHeader)
  const start = await expectMethod(methods(socket), 10, 10).finally(() => socket.destroy())
  const propertiesAt = 6
  const mechanismsAt = propertiesAt + 4 + start.readUInt32BE(propertiesAt)
  const length = start.readUInt32BE(mechanismsAt)
  return start.toString('latin1', mechanismsAt + 4, mechanismsAt + 4 + length).split(' ')
}

function dialTls(tlsUrl: string, trust: ConnectionOptions): Socket {
  const { hostname, port } = new URL(tlsUrl)
  return connectTls({ host: hostname, port: Number(port), ...trust })
}

interface Login {
  readonly mechanism: 'PLAIN' | 'EXTERNAL'
  readonly response: string
  readonly vhost: string
}

async function open(socket: Socket, { mechanism, response, vhost }: Login): Promise<AmqpClient> {
  const frames = methods(socket)
  socket.write(protocolHeader)
  await expectMethod(frames, 10, 10)
  socket.write(method(10, 11, Buffer.alloc(4), short(mechanism), long(response), short('en_US')))
  const tune = await expectMethod(frames, 10, 30)
  socket.write(method(10, 31, tune.subarray(4, 10), Buffer.alloc(2)))
  socket.write(method(10, 40, short(vhost), short(''), Buffer.alloc(1)))
  await expectMethod(frames, 10, 41)
  return { closed: answerClose(socket, frames), destroy: () => socket.destroy() }
}

/** The broker keeps a connection it closed until the client agrees. */
async function answerClose(socket: Socket, frames: AsyncGenerator<Buffer>): Promise<string> {
  // A socket we destroyed ourselves ends the frames with an error.
  const { value } = await frames.next().catch(() => ({ value: undefined }))
  if (value === undefined) return ''
  socket.end(method(10, 51))
  return value.toString('latin1')
}

async function expectMethod(frames: AsyncGenerator<Buffer>, classId: number, methodId: number): Promise<Buffer> {
  const { value } = await frames.next()
  if (value instanceof Buffer && value.readUInt16BE(0) === classId && value.readUInt16BE(2) === methodId) return value
  throw new Error(`Expected method ${classId}.${methodId}, got ${value?.toString('latin1') ?? 'the end'}`)
}

/** Yields the payload of each method frame. */
async function* methods(socket: Socket): AsyncGenerator<Buffer> {
  let buffered: Buffer = Buffer.alloc(0)
  for await (const chunk of socket) {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= 8 && buffered.length >= 8 + buffered.readUInt32BE(3)) {
      const size = buffered.readUInt32BE(3)
      const payload = buffered.subarray(7, 7 + size)
      const type = buffered[0]
      buffered = buffered.subarray(8 + size)
      if (type === 1) yield payload
    }
  }
}

function method(classId: number, methodId: number, ...args: Buffer[]): Buffer {
  const ids = Buffer.alloc(4)
  ids.writeUInt16BE(classId, 0)
  ids.writeUInt16BE(methodId, 2)
  const payload = Buffer.concat([ids, ...args])
  const head = Buffer.alloc(7)
  head[0] = 1
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}

function short(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])
}

function long(text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(text))
  return Buffer.concat([length, Buffer.from(text)])
}
