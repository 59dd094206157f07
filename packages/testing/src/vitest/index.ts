import { test as base, inject, type TestAPI } from 'vitest'
import { attachRabbitMQ } from '../attach.js'
import { NoBrokerError } from '../errors.js'
import { type FaultProxy, startFaultProxy } from '../fault-proxy/proxy.js'
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
export const test: TestAPI<Fixtures> = base.extend<Fixtures>({
  broker: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures needed from this pattern.
    async ({}, use) => use(await attachRabbitMQ(sharedAddress())),
    { scope: 'file' },
  ],
  vhost: async ({ broker }, use) => {
    const vhost = await createVhost(broker)
    await use(vhost)
    await broker.management.deleteVhost(vhost.name)
  },
  proxy: async ({ broker }, use) => {
    const proxy = await startFaultProxy({ to: broker.url })
    await use(proxy)
    await proxy.close()
  },
  ownBroker: async ({ startBroker }, use) => use(await startBroker()),
  startBroker: async ({ skip }, use) => {
    const started: RabbitMQ[] = []
    await use(async (options) => {
      const broker = await startRabbitMQ(options).catch((error: unknown) => {
        if (error instanceof NoBrokerError) return skip(error.message)
        throw error
      })
      started.push(broker)
      return broker
    })
    await Promise.all(started.map((broker) => broker.remove()))
  },
})

function sharedAddress(): BrokerAddress {
  const address = inject('leveretBroker')
  if (address !== undefined) return address
  throw new Error(
    "No broker for this run; add '@leveret/testing/vitest/global-setup' to globalSetup in vitest.config.ts.",
  )
}
