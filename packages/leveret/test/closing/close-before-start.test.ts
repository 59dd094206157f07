import { expect } from 'vitest'
import { Worker } from '../../src/index.js'
import { tasks, test } from '../support/support.js'

const HOUR_MS = 3_600_000

test('start resolves when its worker is closed, also while there is no broker to connect to', async ({
  connectTo,
  proxy,
  vhost,
}) => {
  const rabbit = await connectTo({ startupTimeoutMs: HOUR_MS }, proxy.urlFor(vhost.url))
  proxy.refuse()
  proxy.reset()
  const worker = new Worker(rabbit, tasks, () => undefined)
  const starting = worker.start()
  await worker.close({ timeoutMs: 1_000 })
  await starting
  expect(rabbit.health().roles).toEqual([])
}, 20_000)
