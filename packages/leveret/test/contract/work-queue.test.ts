import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type WorkQueueOptions, workQueue } from '../../src/contract/queues/work-queue.js'
import { OptionsError } from '../../src/errors/options-error.js'

const payload = z.object({ id: z.string() })
const NATIVE = { minMs: 100, maxMs: 100, attempts: 2 }

test('by default: a durable quorum queue, four attempts, then the dead-letter queue', () => {
  expect(workQueue('tasks', { payload })).toMatchObject({
    name: 'tasks',
    queue: { type: 'quorum', durable: true },
    retry: { delaysMs: [1_000, 30_000, 300_000] },
    onInvalid: 'dead-letter',
    deadLetter: { queue: 'tasks.dead-letter' },
  })
})

test('native retry may have two attempts and up to a thousand, and equal pauses', () => {
  for (const attempts of [2, 1_000]) {
    const retry = { native: { ...NATIVE, attempts } }
    expect(workQueue('tasks', { payload, retry }).retry).toEqual(retry)
  }
})

test('a contract cannot be changed', () => {
  expect(Object.isFrozen(workQueue('tasks', { payload }))).toBe(true)
})

describe('a description that contradicts itself or RabbitMQ is refused', () => {
  const options: [string, Partial<WorkQueueOptions<typeof payload>> & Record<string, unknown>, string][] = [
    ['a transient queue without a word about it', { queue: { type: 'classic', durable: false } }, 'legacyTransient'],
    [
      'a transient quorum queue',
      { queue: { type: 'quorum', durable: false, legacyTransient: true } },
      'always durable',
    ],
    ['priorities on a quorum queue', { queue: { maxPriority: 5 } }, 'classic'],
    ['a consumer timeout on a classic queue', { queue: { type: 'classic', consumerTimeoutMs: 60_000 } }, 'quorum'],
    ['arguments beside what would add some', { queue: { arguments: {}, singleActive: true } }, 'arguments'],
    ['an argument that AMQP cannot carry', { queue: { arguments: { 'x-max-length': 10n } } }, 'bigint'],
    ['itself as its dead-letter queue', { deadLetter: { queue: 'tasks' } }, 'itself'],
    ['a delay of nothing', { retry: { delaysMs: [0] } }, 'retry'],
    ['delays beside native retry', { retry: { delaysMs: [1], native: NATIVE } }, 'delaysMs'],
    ['native retry of one attempt', { retry: { native: { ...NATIVE, attempts: 1 } } }, 'attempts'],
    ['native retry whose delays shrink', { retry: { native: { ...NATIVE, maxMs: 99 } } }, 'shorter than minMs'],
    ['native retry without a delay', { retry: { native: { ...NATIVE, minMs: 0 } } }, 'minMs'],
    ['native retry on a classic queue', { retry: { native: NATIVE }, queue: { type: 'classic' } }, 'quorum'],
    ['native retry beside given arguments', { retry: { native: NATIVE }, queue: { arguments: {} } }, 'arguments'],
    ['no schema', { payload: {} as typeof payload }, 'schema'],
    ['a word that means nothing', { retries: 3 }, 'retries'],
  ]
  test.each(options)('%s', (_name, option, hint) => {
    expect(() => workQueue('tasks', { payload, ...option })).toThrow(OptionsError)
    expect(() => workQueue('tasks', { payload, ...option })).toThrow(hint)
  })

  test.each(['', 'amq.gen-1', 'x'.repeat(201), 'é'.repeat(101)])('the name %s', (name) => {
    expect(() => workQueue(name, { payload })).toThrow(OptionsError)
  })
})
