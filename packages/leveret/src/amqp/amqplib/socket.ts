import net from 'node:net'
import tls from 'node:tls'
import { FRAME_BYTES, FRAME_HEAD_BYTES, METHOD_FRAME } from '../frames/frame-format.js'

/** The largest frame that RabbitMQ agrees to by default. Frames before that agreement are far smaller. */
const MAX_HANDSHAKE_FRAME = 131_072
/** The method `connection.open-ok` of channel 0: the last frame of the handshake. */
const OPEN_OK = Buffer.from([0, 10, 0, 41])

/**
 * Catches the socket that amqplib makes and does not expose.
 *
 * amqplib calls `net.connect` or `tls.connect` before its own `connect` returns. For that moment, in which no other
 * code runs, a function of leveret replaces it. The function calls the original and records the socket.
 *
 * @returns no socket if Node.js refuses to make one, for example over a key that cannot be read; then `connecting`
 *   rejects
 */
export function catchSocket<T>(
  protocol: 'amqp' | 'amqps',
  connect: () => Promise<T>,
): { readonly connecting: Promise<T>; readonly socket: net.Socket | undefined } {
  const module = (protocol === 'amqps' ? tls : net) as { connect(...args: unknown[]): net.Socket }
  const { connect: original } = module
  let socket: net.Socket | undefined
  module.connect = (...args) => {
    socket = original.apply(module, args)
    return socket
  }
  try {
    return { connecting: connect(), socket }
  } finally {
    module.connect = original
  }
}

/**
 * Lets amqplib read one frame at a time, and nothing after `connection.open-ok`.
 *
 * amqplib acts on all bytes of one read before its connection can have a listener, and an error without a listener ends
 * the process.
 *
 * @returns a function that lets amqplib read on; call it when all listeners are attached
 */
export function holdBack(socket: net.Socket): () => void {
  let held = Buffer.alloc(0)
  let isOpen = false
  const { read } = socket
  const readFrame = (): Buffer | null => {
    if (isOpen) return null
    const came: Buffer | null = read.call(socket)
    if (came !== null) held = Buffer.concat([held, came])
    const end = endOfFrame(held)
    // amqplib would wait until such a frame is complete.
    if (end > MAX_HANDSHAKE_FRAME)
      socket.destroy(new Error(`A frame of ${end} bytes exceeds maxFrameSize in the handshake`))
    if (held.length < end || socket.destroyed) return null
    const frame = held.subarray(0, end)
    held = held.subarray(end)
    isOpen = frame[0] === METHOD_FRAME && frame.subarray(FRAME_HEAD_BYTES).indexOf(OPEN_OK) === 0
    return frame
  }
  socket.read = readFrame
  return () => {
    socket.read = read
    if (held.length > 0) socket.unshift(held)
  }
}

function endOfFrame(bytes: Buffer): number {
  return bytes.length < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : bytes.readUInt32BE(3) + FRAME_BYTES
}
