import dns from 'node:dns'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { selfSigned } from '@leveret/certificates'
import { startFaultProxy } from '@leveret/testing'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { connect, Producer } from '../../src/index.js'
import { eventually, fieldsOf, tasks, test } from '../support/support.js'

const NAME = 'broker.test'
const PATIENT = { connectTimeoutMs: 600_000, startupTimeoutMs: 30_000 }

/** Has a name lead to these addresses, in this order, until the test ends. */
function resolve(name: string, addresses: readonly string[]): void {
  const { lookup } = dns
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }))
  const resolver = (host: string, options: dns.LookupOptions, done: (...args: unknown[]) => void): void => {
    if (host !== name) lookup(host, options, done as never)
    else if (options.all === true) process.nextTick(done, null, found)
    else process.nextTick(done, null, found[0]?.address, found[0]?.family)
  }
  const spy = vi.spyOn(dns, 'lookup').mockImplementation(resolver as never)
  onTestFinished(() => spy.mockRestore())
}

/** Listens at an address, accepts and says nothing. @returns the connections that are open */
async function silentAt(host: string, port: number): Promise<ReadonlySet<net.Socket>> {
  const open = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
    socket.resume()
  })
  await once(server.listen(port, host), 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return open
}

const portOf = (url: string): number => Number(new URL(url).port)

describe('of several addresses of one name', () => {
  test('the next is taken when the first accepts and says nothing, and that one is let go of', async ({
    connectTo,
    vhost,
  }) => {
    await using proxy = await startFaultProxy({ to: vhost.url })
    resolve(NAME, ['127.0.0.2', '127.0.0.1'])
    const open = await silentAt('127.0.0.2', portOf(proxy.url))
    const address = { ...fieldsOf(proxy.urlFor(vhost.url)), host: NAME }
    const rabbit = await connectTo(PATIENT, address)
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(open).toEqual(new Set()))
  })

  test('the next is taken when the first refuses', async ({ connectTo, vhost }) => {
    await using proxy = await startFaultProxy({ to: vhost.url })
    resolve(NAME, ['127.0.0.2', '127.0.0.1'])
    const rabbit = await connectTo(PATIENT, { ...fieldsOf(proxy.urlFor(vhost.url)), host: NAME })
    await new Producer(rabbit, tasks).send({ n: 1 })
  })

  test('each is named with its reason when all fail', async ({ vhost }) => {
    await using proxy = await startFaultProxy({ to: vhost.url })
    resolve(NAME, ['127.0.0.2', '127.0.0.3'])
    const port = portOf(proxy.url)
    await silentAt('127.0.0.3', port)
    const hasty = { connectTimeoutMs: 300, startupTimeoutMs: 1_000 }
    const error: unknown = await connect({ host: NAME, port }, hasty).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'ConnectionError', message: expect.stringContaining(`guest@${NAME}:${port}`) })
    expect(String(error)).toMatch(/ECONNREFUSED 127\.0\.0\.2.*; .*no AMQP handshake.*127\.0\.0\.3/)
  })

  test('the certificate is that of the name', async ({ connectTo, vhost }) => {
    const { cert, key } = await selfSigned({ commonName: NAME, purpose: 'server', hosts: [NAME] })
    const { host = '', port = 0 } = fieldsOf(vhost.url)
    const asked: unknown[] = []
    const front = tls.createServer({ cert, key }, (client) => {
      asked.push(client.servername)
      const broker = net.connect({ host, port })
      for (const socket of [client, broker]) socket.on('error', () => undefined)
      client.pipe(broker).pipe(client)
    })
    await once(front.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void front.close())
    resolve(NAME, ['127.0.0.2', '127.0.0.1'])
    const at = (front.address() as net.AddressInfo).port
    const open = await silentAt('127.0.0.2', at)
    const rabbit = await connectTo(
      { ...PATIENT, tls: { ca: cert } },
      { ...fieldsOf(vhost.url), protocol: 'amqps', host: NAME, port: at },
    )
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(new Set(asked)).toEqual(new Set([NAME]))
    await eventually(() => expect(open).toEqual(new Set()))
  })
})
