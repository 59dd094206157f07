import net from 'node:net'
import { expect } from 'vitest'
import { connect, Producer } from '../../src/index.js'
import { serve } from '../support/serve.js'
import { spoiler } from '../support/spoiler.js'
import { eventually, firstEvent, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const CONNECTION_CLOSE = Buffer.from([0, 10, 0, 50])
const HEARTBEAT = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce])
const ACK_ON_CHANNEL_77 = Buffer.from([1, 0, 77, 0, 0, 0, 13, 0, 60, 0, 80, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0xce])

test('a close frame that is cut short ends nothing but the attempt to connect', async ({ vhost }) => {
  const { url, spoil } = await spoiler(`${vhost.url}-that-is-not-there`)
  let closes = 0
  // The first close frame is amqplib's, and the second is read by hand, because amqplib does not say what is in it.
  spoil((bytes) => {
    const at = bytes.indexOf(CONNECTION_CLOSE)
    if (at < 0) return undefined
    closes += 1
    if (closes < 2) return undefined
    return Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 4]), CONNECTION_CLOSE, Buffer.from([0xce])])
  })
  await expect(connect(url, { startupTimeoutMs: 1_000 })).rejects.toMatchObject({ name: 'ConnectionError' })
  expect(closes).toBeGreaterThanOrEqual(2)
})

test('a link on which something came that fits nothing, and that then only beats, is replaced', async ({
  connectTo,
  vhost,
}) => {
  const { hostname: host, port } = new URL(vhost.url)
  const links: { client: net.Socket; broker: net.Socket }[] = []
  const own = await serve((client) => {
    const broker = net.connect({ host, port: Number(port) })
    broker.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('close', () => broker.destroy())
    client.pipe(broker)
    broker.pipe(client)
    links.push({ client, broker })
  })
  const url = Object.assign(new URL(vhost.url), { hostname: '127.0.0.1', port: String(own) }).href
  const rabbit = await connectTo({ heartbeatMs: 1_000 }, url)
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 0 })
  const lost = firstEvent(rabbit, 'disconnected')
  const [first] = links
  // From now on the other side says this, and then nothing but that it is alive.
  first?.broker.unpipe(first.client)
  first?.broker.removeAllListeners().on('error', () => undefined)
  first?.client.unpipe(first.broker).resume()
  first?.client.write(ACK_ON_CHANNEL_77)
  const beating = setInterval(() => first?.client.write(HEARTBEAT), 200)
  try {
    expect(await lost).toMatchObject({ lane: 'publish', reason: { name: 'ConnectionError' } })
    await producer.send({ n: 1 })
    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }))
  } finally {
    clearInterval(beating)
  }
})
