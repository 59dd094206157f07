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

/** What a test can ask for by naming it in its first parameter. */
export interface Fixtures {
  /** The run's broker. It is shared, so it cannot be stopped or killed; see `ownBroker`. */
  broker: RabbitMQ
  /** A fresh vhost of the run's broker, deleted after the test. */
  vhost: Vhost
  /** A link to the run's broker that can be made to fail; closed after the test. */
  proxy: FaultProxy
  /** A broker nobody else uses, with one node, removed after the test. */
  ownBroker: RabbitMQ
  /** Starts brokers nobody else uses, removed after the test. Where none can be started, the test is skipped. */
  startBroker: (options?: StartOptions) => Promise<RabbitMQ>
}

/** Vitest's `test`, with RabbitMQ. Needs `@leveret/testing/vitest/global-setup` among Vitest's `globalSetup`. */
export const test: TestAPI<Fixtures> = testWith(() => attachRabbitMQ(sharedAddress()))

/** Where the broker of {@link testOn} comes from. */
export type TestBroker = 'memory' | 'container' | 'local' | 'auto'

/**
 * Vitest's `test` with a broker for the tests of one file; it needs no global set-up.
 *
 * `memory` is a broker in this process that behaves like RabbitMQ: a test on it takes milliseconds, and needs nothing installed. The
 * same tests run on a real one with `container` or `local`. `auto` takes the broker of `RABBITMQ_URL`, or starts a real one, or takes
 * one in memory where none can be started.
 *
 * With `memory` a test fails, with the broker's log, that leaves an unsettled delivery, a consumer or a connection in its vhost.
 */
export function testOn(broker: TestBroker): TestAPI<Fixtures> {
  if (broker === 'auto') return testWith(anyRabbitMQ)
  return testWith(() => startRabbitMQ({ driver: broker }), broker)
}

/** @param driver - how brokers of a test's own are started; by default as the environment says */
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

/** A test ends with everything settled and closed. What it has just closed may still be on its way. */
async function refuseLeftOvers(memory: TestMemoryBroker, { name }: Vhost): Promise<void> {
  await memory.settled()
  memory.assertNothingLeft(name)
}

/** The broker of `RABBITMQ_URL`, a real one, or one in memory. */
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
