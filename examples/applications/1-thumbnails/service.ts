import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeOnSignals, connect, Producer, Worker } from 'leveret'
import { createApi } from './api.js'
import { thumbnails } from './contracts.js'
import { createProbes } from './probes.js'
import { render } from './render.js'

const { RABBITMQ_URL = 'amqp://localhost', IMAGES = '.', PORT = '8080', PROBE_PORT = '8081' } = process.env

// Returns at once: until the broker is there the service is alive and not ready, and goes on trying.
const rabbit = await connect(RABBITMQ_URL, { startupTimeoutMs: Infinity, logger: console })
const api = createApi(new Producer(rabbit, thumbnails))
const probes = createProbes(rabbit)
// No more requests; then running work is finished; the probes are answered until that is done.
closeOnSignals([api, rabbit, probes])
console.log(`probes on port ${await listen(probes, PROBE_PORT)}`)
console.log(`serving on port ${await listen(api, PORT)}`)

// It comes last: `start` also resolves when SIGTERM closes it before it has begun, and nothing may be opened after that.
const worker = new Worker(rabbit, thumbnails, async (task) => await render(IMAGES, task), { concurrency: 4 })
await worker.start()

async function listen(server: Server, port: string): Promise<number> {
  await once(server.listen(Number(port)), 'listening')
  return (server.address() as AddressInfo).port
}
