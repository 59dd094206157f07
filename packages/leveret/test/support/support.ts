import type { Permissions, RabbitMQ } from '@leveret/testing'
import { type Fixtures as BrokerFixtures, test as base, eventually } from '@leveret/testing/vitest'
import { expect, type TestAPI } from 'vitest'
import { z } from 'zod'
import { STABLE_MS } from '../../src/connection/lanes/backoff.js'
import {
  type BrokerAddress,
  type Connection,
  type ConnectionEvents,
  type ConnectOptions,
  type ConnectTarget,
  connect,
  type Worker,
  type WorkerEvents,
  type WorkQueue,
  workQueue,
} from '../../src/index.js'

import { MARK } from './no-secrets.js'

export { eventually }

interface Fixtures {
  /** Connects to the test's vhost, or to the given URL; closed after the test. */
  connectTo: (options?: ConnectOptions, target?: ConnectTarget) => Promise<Connection>
  /**
   * Makes a user of the test's own, deleted after it, with every right in its vhost unless asked otherwise. Its password holds
   * the mark by which it would be found in what the run prints.
   *
   * @returns the name, which begins with the given prefix
   */
  createUser: (name: string, password: string, rights?: Permissions | 'none') => Promise<string>
  /** A connection to the test's vhost with default options. */
  rabbit: Connection
}

/** Vitest's `test` with a broker, a vhost of its own, and leveret connected to it. */
export const test: TestAPI<BrokerFixtures & Fixtures> = base.extend<Fixtures>({
  connectTo: async ({ vhost }, use) => {
    const opened: Connection[] = []
    await use(async (options, target = vhost.url) => {
      const connection = await connect(target, options)
      opened.push(connection)
      return connection
    })
    await Promise.all(opened.map((connection) => connection.close({ timeoutMs: 2_000 })))
  },
  createUser: async ({ broker, vhost }, use) => {
    const created: string[] = []
    await use(async (name, password, rights) => {
      if (!password.includes(MARK)) throw new Error(`a password that is to be found where it is printed holds ${MARK}`)
      const username = `${name}-${vhost.name}`
      await broker.management.createUser(username, password)
      created.push(username)
      if (rights !== 'none') await broker.management.setPermissions(vhost.name, username, rights)
      return username
    })
    await Promise.all(created.map((username) => broker.management.deleteUser(username)))
  },
  rabbit: async ({ connectTo }, use) => use(await connectTo()),
})

/** The same for what only a RabbitMQ with native retry can do: elsewhere it is skipped. */
export const nativeTest: typeof test = test.extend<{ native: undefined }>({
  native: [
    async ({ broker, skip }, use) => {
      if (!hasNativeRetry(broker)) skip(`RabbitMQ ${broker.version} has no native retry`)
      await use(undefined)
    },
    { auto: true },
  ],
})

const task = z.object({ n: z.int() })

/** Numbered tasks, tried again quickly. */
export const tasks: WorkQueue<typeof task> = workQueue('tasks', { payload: task, retry: { delaysMs: [100, 200] } })

type AnyWorker = Pick<Worker<typeof tasks>, 'on'>

/** Resolves with what the next event of this name carries. */
export function firstEvent<Name extends keyof WorkerEvents>(source: AnyWorker, name: Name): Promise<WorkerEvents[Name]>
export function firstEvent<Name extends keyof ConnectionEvents>(
  source: Connection,
  name: Name,
): Promise<ConnectionEvents[Name]>
export function firstEvent(source: unknown, name: string): Promise<unknown> {
  const { on } = source as { on(name: string, listener: (payload: unknown) => void): unknown }
  return new Promise((resolve) => on.call(source, name, resolve))
}

/** Until what is connected now counts as a success: a link that dies younger is tried again later each time. */
export async function stable(): Promise<void> {
  const since = performance.now()
  await eventually(() => expect(performance.now() - since).toBeGreaterThan(STABLE_MS))
}

/** Whether quorum queues hold back what has failed, which older versions accept to be asked and do not do. */
export function hasNativeRetry({ version }: Pick<RabbitMQ, 'version'>): boolean {
  return version.localeCompare('4.3', 'en', { numeric: true }) >= 0
}

/** The parts of a URL that {@link connect} also takes as fields. */
export function fieldsOf(url: string): BrokerAddress {
  const { hostname, port, username, password, pathname } = new URL(url)
  return { host: hostname, port: Number(port), username, password, vhost: decodeURIComponent(pathname.slice(1)) }
}

/** A promise and the function that resolves it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
