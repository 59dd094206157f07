import { readFile } from 'node:fs/promises'
import type { Vhost } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { DeadLetters, Producer, Reject, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, test } from '../support/support.js'

const contract = workQueue('tasks', { payload: z.string(), retry: { delaysMs: [2_500] } })
const poison = workQueue('tasks', { payload: z.string(), retry: false })

const rejecting = (): never => {
  throw new Reject('no')
}

/** The pattern of the page on retries that matches the queues in which leveret keeps what waits, and no work queue. */
async function keepingPattern(): Promise<string> {
  const page = await readFile(new URL('../../../../docs/retries-and-dead-letters.md', import.meta.url), 'utf8')
  const pattern = /set_policy .*leveret-keeps '([^']+)'/.exec(page)?.[1]
  if (pattern === undefined) throw new Error('the page shows no such policy')
  return pattern
}

const messagesIn = async (vhost: Vhost, queue: string): Promise<number> => (await vhost.queue(queue)).messages ?? 0

describe("an operator's policy for all queues", () => {
  test('that bounds their length drops no letter that was reported as kept: letters without room are held back and reported', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    await broker.management.setPolicy(vhost.name, 'all', { pattern: '.*', definition: { 'max-length': 3 } })
    const worker = new Worker(rabbit, poison, rejecting)
    let told = 0
    let refused = 0
    worker.on('delivery.dead-lettered', () => {
      told += 1
    })
    worker.on('delivery.copy-refused', () => {
      refused += 1
    })
    await worker.start()
    const producer = new Producer(rabbit, poison)
    for (let n = 1; n <= 10; n += 1) {
      await producer.send(`${n}`)
      await eventually(() => expect(told + refused).toBe(n))
    }
    expect(refused).toBeGreaterThan(0)
    await eventually(async () => expect(await messagesIn(vhost, 'tasks.dead-letter')).toBe(told))
    await eventually(async () => expect(await messagesIn(vhost, 'tasks')).toBe(refused))
    expect(rabbit.health().roles).toContainEqual(expect.objectContaining({ role: 'worker', heldUp: refused }))
  })

  test('leaves what leveret keeps alone where the policy of the documentation comes before it', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const harm = { 'message-ttl': 1_000, 'max-length': 2, overflow: 'drop-head', expires: 1_500 }
    await broker.management.setPolicy(vhost.name, 'all', { pattern: '.*', definition: harm })
    const definition = { 'delivery-limit': 2_147_483_647 }
    await broker.management.setPolicy(vhost.name, 'leveret-keeps', {
      pattern: await keepingPattern(),
      definition,
      priority: 100,
      'apply-to': 'queues',
    })
    const started = performance.now()
    const seen: [string, number, number][] = []
    const worker = new Worker(rabbit, contract, (task, { attempt }) => {
      seen.push([task, attempt, performance.now() - started])
      if (task !== 'delayed') throw new Error('not today')
    })
    await worker.start()
    const letters = firstEvent(worker, 'delivery.dead-lettered')
    const producer = new Producer(rabbit, contract)
    await producer.sendAll(['delayed', 'delayed', 'delayed'], { delayMs: 3_750 })
    await producer.send('failing')
    await producer.send('failing')
    await letters
    await eventually(() => expect(seen.filter(([task]) => task === 'delayed')).toHaveLength(3))
    const again = seen.filter(([, attempt]) => attempt === 2)
    expect(again).toHaveLength(2)
    for (const [, , after] of again) expect(after).toBeGreaterThan(2_490)
    for (const [task, , after] of seen) if (task === 'delayed') expect(after).toBeGreaterThan(3_740)
    await eventually(async () => expect(await new DeadLetters(rabbit, contract).count()).toBe(2))
    expect((await vhost.queue('tasks.dead-letter')).policy).toBe('leveret-keeps')
    expect((await vhost.queue('tasks')).policy).toBe('all')
  })
})
