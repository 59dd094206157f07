import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Fixtures as BrokerFixtures, test as base, eventually } from '@leveret/testing/vitest'
import * as head from 'leveret'
import type { TestAPI } from 'vitest'
import { z } from 'zod'

export { eventually }

/** What both versions have, as HEAD types it. */
export type Leveret = typeof head
export type Connection = head.Connection

/** One side of a test: a version of leveret, and its connection to the test's vhost. */
export interface Side {
  readonly leveret: Leveret
  readonly rabbit: Connection
}

interface Fixtures {
  /** The last release. */
  before: Side
  /** The code of this repository. */
  now: Side
}

const folder = process.env.LEVERET_PREVIOUS
if (folder === undefined) throw new Error('LEVERET_PREVIOUS names no folder: run `npm run matrix -- wire`')
const resolved = createRequire(join(folder, 'package.json')).resolve.paths('leveret')?.[0] ?? folder
const path = join(resolved, 'leveret/dist/index.js')
const previous = (await import(pathToFileURL(path).href)) as Leveret

/** Vitest's `test` with both versions, connected to a vhost of the test's own. */
export const test: TestAPI<BrokerFixtures & Fixtures> = base.extend<Fixtures>({
  before: async ({ vhost }, use) => await connected(previous, vhost.url, use),
  now: async ({ vhost }, use) => await connected(head, vhost.url, use),
})

async function connected(leveret: Leveret, url: string, use: (side: Side) => Promise<void>): Promise<void> {
  const rabbit = await leveret.connect(url)
  await use({ leveret, rabbit })
  await rabbit.close({ timeoutMs: 5_000 })
}

export const task = z.object({ n: z.int() })
export type Tasks = head.WorkQueue<typeof task>

/** The arguments of a dead-letter queue in 0.1.0. With them both versions declare the same. */
export const asBefore = { 'x-queue-type': 'quorum' } as const

/** A work queue, as each version describes it so that both may declare it. */
export function tasksOf({ leveret }: Side, options: { readonly delaysMs?: readonly number[] } = {}): Tasks {
  const { delaysMs = [300, 600] } = options
  const deadLetter = leveret === head ? { deadLetter: { arguments: asBefore } } : {}
  return leveret.workQueue('tasks', { payload: task, retry: { delaysMs }, version: '1', ...deadLetter })
}
