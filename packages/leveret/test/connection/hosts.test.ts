import type { Socket } from 'node:net'
import { startFaultProxy } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { Producer } from '../../src/index.js'
import { serve } from '../support/serve.js'
import { eventually, stable, tasks, test } from '../support/support.js'

describe('of several hosts', () => {
  test('the next is taken when one is away, at the start and later', async ({ connectTo, vhost }) => {
    await using one = await startFaultProxy({ to: vhost.url })
    await using two = await startFaultProxy({ to: vhost.url })
    one.refuse()
    const hosts = [one.urlFor(vhost.url), two.urlFor(vhost.url)]
    const rabbit = await connectTo({ startupTimeoutMs: 5_000 }, hosts)
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 })
    expect([one.connections, two.connections]).toEqual([0, 1])
    await stable()
    await one.accept()
    two.refuse()
    two.reset()
    await producer.send({ n: 2 })
    expect(one.connections).toBe(1)
  })

  test('a silent host does not delay the next one, and its socket is closed', async ({ connectTo, vhost }) => {
    const open = new Set<unknown>()
    const silent = (socket: Socket): void => {
      open.add(socket)
      socket.on('close', () => open.delete(socket)).resume()
    }
    const ports = await Promise.all([1, 2, 3, 4].map(async () => await serve(silent)))
    const silentHost = (port: number): string =>
      Object.assign(new URL(vhost.url), { hostname: '127.0.0.1', port: String(port) }).href
    const hosts = [...ports.map(silentHost), vhost.url]
    const patient = { connectTimeoutMs: 600_000, startupTimeoutMs: 30_000 }
    for (let times = 0; times < 3; times += 1) {
      const rabbit = await connectTo(patient, hosts)
      await new Producer(rabbit, tasks).send({ n: times })
    }
    await eventually(() => expect(open).toEqual(new Set()))
  })

  test('none is favoured: clients spread over them', async ({ connectTo, vhost }) => {
    await using one = await startFaultProxy({ to: vhost.url })
    await using two = await startFaultProxy({ to: vhost.url })
    const hosts = [one.urlFor(vhost.url), two.urlFor(vhost.url)]
    await Promise.all(Array.from({ length: 24 }, async () => await connectTo({}, hosts)))
    // One that keeps somebody waiting for a second is not the only one asked.
    expect(one.connections + two.connections).toBeGreaterThanOrEqual(24)
    // By chance alone all would go one way in one run of eight million.
    expect(Math.min(one.connections, two.connections)).toBeGreaterThan(0)
  })
})
