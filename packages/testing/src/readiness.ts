import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { Management } from '@leveret/management'
import { BrokerStartError } from './errors.js'
import type { NodeProcess } from './node-process.js'

/** How long a start may take. A busy machine with two cores needs half a minute for a cluster. */
const startTimeoutMs = 120_000

/**
 * Waits until a node speaks AMQP, and TLS if configured, and its management API knows all nodes of its cluster. An open
 * port proves neither.
 *
 * @throws {@link BrokerStartError} if the node ended, or was not ready in two minutes
 */
export async function untilReady(node: NodeProcess, management: Management, clusterSize: number): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  while (Date.now() < deadline) {
    if (await isReady(node, management, clusterSize)) return
    if (!(await node.isRunning())) throw await startError(node, 'ended while it started')
    await delay(50)
  }
  throw await startError(node, `was not ready after ${startTimeoutMs / 1000} s`)
}

async function isReady(node: NodeProcess, management: Management, clusterSize: number): Promise<boolean> {
  if (!(await speaksAmqp(node.host, node.amqpPort))) return false
  if (node.tlsPort !== undefined && !(await speaksTls(node.host, node.tlsPort))) return false
  const nodes = await management.nodes().catch(() => [])
  return nodes.filter(({ running }) => running).length >= clusterSize
}

/** Sends the protocol header as a client would, and expects a frame such as connection.start as the answer. */
function speaksAmqp(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(2_000, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
    socket.once('connect', () => socket.write('AMQP\x00\x00\x09\x01'))
    socket.once('data', (frame) => settle(frame[0] === 1))
  })
}

/**
 * Makes a TLS handshake without checking the certificate. An alert suffices too: a broker may require a client
 * certificate.
 */
function speaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false })
    const settle = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(2_000, () => settle(false))
    socket.once('error', ({ code }: NodeJS.ErrnoException) => settle(code?.includes('ALERT') ?? false))
    socket.once('close', () => settle(false))
    socket.once('secureConnect', () => settle(true))
  })
}

async function startError(node: NodeProcess, what: string): Promise<BrokerStartError> {
  return new BrokerStartError(`RabbitMQ ${node.name} ${what}. From its log:\n${excerpt(await node.log())}`)
}

/**
 * Returns the important lines of a log. The first error says why; what follows is mostly Erlang reporting what else
 * stopped.
 */
function excerpt(log: string): string {
  const lines = log.trimEnd().split('\n')
  const first = lines.findIndex((line) => /\[error\]|\berror:/i.test(line))
  const last = Math.max(0, lines.length - 15)
  if (first === -1 || first + 20 >= last) return lines.slice(first === -1 ? last : Math.min(first, last)).join('\n')
  return [...lines.slice(first, first + 20), '…', ...lines.slice(last)].join('\n')
}
