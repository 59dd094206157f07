import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type FaultProxy, startFaultProxy } from '@leveret/testing'
import { eventually, test as withBroker } from '@leveret/testing/vitest'
import { describe, expect, onTestFinished } from 'vitest'
import { addressOf } from '../src/fault-proxy/address.js'
import { openAmqp } from './amqp-client.js'

/** A server that sends back what it gets, and a proxy before it. */
const test = withBroker.extend<{ echo: FaultProxy }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures needed from this pattern.
  echo: async ({}, use) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.pipe(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const proxy = await startFaultProxy({ to: `amqp://guest:guest@127.0.0.1:${port}/vhost` })
    await use(proxy)
    await proxy.close()
    server.close()
  },
})

describe('the fault proxy', () => {
  test('passes AMQP through, under the URL of any vhost', async ({ proxy, vhost }) => {
    const client = await openAmqp(proxy.urlFor(vhost.url))
    expect(proxy.connections).toBe(1)
    await eventually(async () => expect(await vhost.connections()).toHaveLength(1))
    client.destroy()
    await eventually(() => expect(proxy.connections).toBe(0))
    await eventually(async () => expect(await vhost.connections()).toEqual([]))
  })

  test('keeps credentials and vhost in its URL', ({ echo }) => {
    expect(echo.url).toMatch(/^amqp:\/\/guest:guest@127\.0\.0\.1:\d+\/vhost$/)
  })

  test('leads to an IPv6 address', async () => {
    const server = createServer((socket) => socket.pipe(socket))
    server.listen(0, '::1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    await using proxy = await startFaultProxy({ to: `amqp://guest:guest@[::1]:${port}/vhost` })
    expect(proxy.url).toMatch(/^amqp:\/\/guest:guest@127\.0\.0\.1:\d+\/vhost$/)
    const client = await talking(proxy)
    client.destroy()
  })

  test.for([
    ['amqp://broker.test/vhost', { host: 'broker.test', port: 5672 }],
    ['amqps://broker.test/vhost', { host: 'broker.test', port: 5671 }],
    ['amqps://broker.test:5672', { host: 'broker.test', port: 5672 }],
    ['amqps://[2001:db8::1]/vhost', { host: '2001:db8::1', port: 5671 }],
    ['amqp://user:pass@[::1]:1234', { host: '::1', port: 1234 }],
  ] as const)('%s leads where a client would connect to', ([url, address]) => {
    expect(addressOf(url)).toEqual(address)
  })

  test.for(['http://broker.test', 'amqp:', 'nothing'])('%s leads nowhere, which is an error at once', async (to) => {
    await expect(startFaultProxy({ to })).rejects.toThrow(to)
  })

  test('passes 8 MiB unchanged, also when it is late', async ({ echo }) => {
    const sent = Buffer.alloc(8 * 1024 * 1024, 'leveret')
    echo.latency(5)
    const client = dial(echo)
    client.end(sent)
    expect(Buffer.concat(await client.toArray()).equals(sent)).toBe(true)
  })

  test('delays what passes, each way', async ({ echo }) => {
    echo.latency(100)
    const client = dial(echo)
    const began = performance.now()
    client.write('x')
    await once(client, 'data')
    expect(performance.now() - began).toBeGreaterThanOrEqual(195)
    client.destroy()
  })

  test('resets: the client sees ECONNRESET', async ({ echo }) => {
    const client = await talking(echo)
    const error = once(client, 'error')
    echo.reset()
    expect(await error).toMatchObject([{ code: 'ECONNRESET' }])
    await eventually(() => expect(echo.connections).toBe(0))
  })

  test('ends: the client sees the end, without an error', async ({ echo }) => {
    const client = await talking(echo)
    const end = once(client, 'end')
    echo.end()
    await end
  })

  test('resets also what is just ending, and is rid of it', async ({ echo }) => {
    const client = await talking(echo)
    client.on('error', () => undefined)
    echo.end()
    echo.reset()
    await eventually(() => expect(echo.connections).toBe(0))
  })

  test('is a black hole: nothing passes, and all of it passes when it is healed', async ({ echo }) => {
    const client = await talking(echo)
    const received: string[] = []
    client.on('data', (chunk) => received.push(String(chunk)))
    echo.blackHole()
    client.write('swallowed')
    const late = dial(echo)
    late.write('late')
    await once(late, 'connect')
    await eventually(() => expect(echo.connections).toBe(2))
    expect(received).toEqual([])

    echo.heal()
    await eventually(() => expect(received.join('')).toBe('swallowed'))
    expect(String(await once(late, 'data'))).toBe('late')
  })

  test('refuses new connections and keeps the old ones, then accepts again on the same port', async ({ echo }) => {
    const client = await talking(echo)
    echo.refuse()
    expect(await once(dial(echo), 'error')).toMatchObject([{ code: 'ECONNREFUSED' }])
    client.write('still')
    expect(String(await once(client, 'data'))).toBe('still')

    await echo.accept()
    await talking(echo)
  })

  test.for([0, 1, 17, 70_000])('cuts after exactly %i bytes from the server', async (bytes, { echo }) => {
    echo.cutAfterServerBytes(bytes)
    const client = dial(echo)
    client.on('error', () => {})
    client.write(Buffer.alloc(100_000))
    let received = 0
    client.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    await once(client, 'close')
    expect(received).toBe(bytes)

    echo.cutAfterServerBytes(undefined)
    await talking(echo)
  })

  test.for([0, 1, 17, 70_000])(
    'cuts a link in use after exactly %i more bytes from the server',
    async (bytes, { echo }) => {
      const client = await talking(echo)
      client.on('error', () => {})
      let received = 0
      client.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      echo.cutAfterMoreServerBytes(bytes)
      client.write(Buffer.alloc(100_000))
      await once(client, 'close')
      expect(received).toBe(bytes)
      await eventually(() => expect(echo.connections).toBe(0))
      await talking(echo)
    },
  )

  test('cuts no link that was stopped in time', async ({ echo }) => {
    const client = await talking(echo)
    echo.cutAfterMoreServerBytes(17)
    echo.cutAfterMoreServerBytes(undefined)
    client.end(Buffer.alloc(100_000))
    expect(Buffer.concat(await client.toArray())).toHaveLength(100_000)
    await eventually(() => expect(echo.connections).toBe(0))
  })
})

function dial(proxy: FaultProxy): Socket {
  const { hostname, port } = new URL(proxy.url)
  return connect({ host: hostname, port: Number(port) })
}

/** A client that has had an answer, so the link stands from end to end. */
async function talking(proxy: FaultProxy): Promise<Socket> {
  const client = dial(proxy)
  client.write('hello')
  await once(client, 'data')
  return client
}
