import { test as base, inject, type TestAPI } from 'vitest'
import { attachRabbitMQ } from '../attach.js'
import { NoBrokerError } from '../errors.js'
import { type FaultProxy, startFaultProxy } from '../fault-proxy/proxy.js'
import { memoryBehind } from '../memory/memory-rabbitmq.js'
import type { TestMemoryBroker } from '../memory/test-memory-broker.js'
import type { BrokerAddress, RabbitMQ, StartOptions } from '../rabbitmq.js'
import { startRabbitMQ } from '../start.js'
import './provided.js'
import { createVhost, type Vhost } from './vhost.js'

export { type EventuallyOptions, eventually, NeverError } from '../eventually.js'
export type { Vhost }

/** Fixtures that a test gets by naming them in its first parameter. */
export interface Fixtures {
  /** The broker of the run. It is shared, so it cannot be stopped or killed; see `ownBroker`. */
  broker: RabbitMQ
  /** A fresh vhost on the run's broker, deleted after the test. */
  vhost: Vhost
  /** A proxy to the run's broker whose links can be made to fail; closed after the test. */
  proxy: FaultProxy
  /** A broker for this test only, with one node, removed after the test. */
  ownBroker: RabbitMQ
  /** Starts brokers for this test only, removed after the test. If none can be started, the test is skipped. */
  startBroker: (options?: StartOptions) => Promise<RabbitMQ>
}

/** Vitest's `test`, with RabbitMQ. Needs `@leveret/testing/vitest/global-setup` among Vitest's `globalSetup`. */
export const test: TestAPI<Fixtures> = testWith(() => attachRabbitMQ(sharedAddress()))

/** Origin of the broker of {@link testOn}. */
export type TestBroker = 'memory' | 'container' | 'local' | 'auto'

/**
 * Creates Vitest's `test` with a broker for the tests of one file. It needs no global set-up.
 *
 * `memory` is a broker in this process that behaves like RabbitMQ. A test on it takes milliseconds, and needs no
 * installation. With `container` or `local` the same tests run on a real RabbitMQ. `auto` uses the broker of
 * `RABBITMQ_URL`, or starts a real one, or uses one in memory if none can be started.
 *
 * With `memory`, a test that leaves an unsettled delivery, a consumer or a connection in its vhost fails with the
 * broker's log.
 */
export function testOn(broker: TestBroker): TestAPI<Fixtures> {
  if (broker === 'auto') return testWith(anyRabbitMQ)
  return testWith(() => startRabbitMQ({ driver: broker }), broker)
}

/** @param driver - driver for a test's own brokers; by default the environment decides */
function testWith(sharedBroker: () => Promise<RabbitMQ>, driver?: StartOptions['driver']): TestAPI<Fixtures> {
  return base.extend<Fixtures>({
    broker: [
      // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures needed from this pattern.
      async ({}, use) => {
        const broker = await sharedBroker()
        await use(broker)
        await broker.remove()
      },
      { scope: 'file' },
    ],
    vhost: async ({ broker }, use) => {
      const vhost = await createVhost(broker)
      await use(vhost)
      const memory = memoryBehind(broker)
      try {
        if (memory !== undefined && driver !== undefined) await refuseLeftOvers(memory, vhost)
      } finally {
        await broker.management.deleteVhost(vhost.name)
      }
    },
    proxy: async ({ broker }, use) => {
      const proxy = await startFaultProxy({ to: broker.url })
      await use(proxy)
      await proxy.close()
    },
    ownBroker: async ({ startBroker }, use) => use(await startBroker()),
    startBroker: async ({ skip }, use) => {
      const started: RabbitMQ[] = []
      const skipped = (error: unknown): never => {
        if (error instanceof NoBrokerError) return skip(error.message)
        throw error
      }
      await use(async (options) => {
        const broker = await startRabbitMQ({ driver, ...options }).catch(skipped)
        started.push(broker)
        return { ...broker, ctl: (...args) => broker.ctl(...args).catch(skipped) }
      })
      await Promise.all(started.map((broker) => broker.remove()))
    },
  })
}

/** Checks that a test has settled and closed everything. A close that was just made may still be on its way. */
async function refuseLeftOvers(memory: TestMemoryBroker, { name }: Vhost): Promise<void> {
  await memory.settled()
  memory.assertNothingLeft(name)
}

/** Finds the broker of `RABBITMQ_URL`, or starts a real one, or one in memory. */
function anyRabbitMQ(): Promise<RabbitMQ> {
  const { RABBITMQ_URL: url, RABBITMQ_MANAGEMENT_URL: managementUrl } = process.env
  if (url) return attachRabbitMQ({ url, managementUrl: managementUrl || undefined })
  return startRabbitMQ().catch((error: unknown) => {
    if (error instanceof NoBrokerError) return startRabbitMQ({ driver: 'memory' })
    throw error
  })
}

function sharedAddress(): BrokerAddress {
  const address = inject('leveretBroker')
  if (address !== undefined) return address
  throw new Error(
    "No broker for this run; add '@leveret/testing/vitest/global-setup' to globalSetup in vitest.config.ts.",
  )
}
