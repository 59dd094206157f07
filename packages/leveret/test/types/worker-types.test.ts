import { expect, expectTypeOf } from 'vitest'
import { type BatchItem, type Delivery, type ManualDelivery, Worker } from '../../src/index.js'
import { tasks, test } from '../support/support.js'

test('a handler gets what its options promise', async ({ rabbit }) => {
  new Worker(
    rabbit,
    tasks,
    (payload, delivery) => {
      expectTypeOf(payload).toEqualTypeOf<{ n: number }>()
      expectTypeOf(delivery).toEqualTypeOf<Delivery>()
    },
    { orderBy: (payload) => payload.n, breaker: true },
  )
  new Worker(
    rabbit,
    tasks,
    (payload, delivery) => {
      expectTypeOf(payload).toEqualTypeOf<{ n: number }>()
      expectTypeOf(delivery).toEqualTypeOf<ManualDelivery>()
    },
    { acknowledge: 'manual', orderBy: ({ n }) => n },
  )
  new Worker(
    rabbit,
    tasks,
    (items, signal) => {
      expectTypeOf(items).toEqualTypeOf<readonly BatchItem<{ n: number }>[]>()
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    },
    { batch: { size: 10, waitMs: 100 } },
  )
  const handler = (): void => undefined
  // @ts-expect-error a batch is settled by what its handler returns
  expect(() => new Worker(rabbit, tasks, handler, { batch: { size: 1, waitMs: 1 }, acknowledge: 'manual' })).toThrow(
    'batch: cannot be combined with orderBy',
  )
  // @ts-expect-error a batch has no order of its own
  expect(() => new Worker(rabbit, tasks, handler, { batch: { size: 1, waitMs: 1 }, orderBy: () => 1 })).toThrow('batch')
  expect(() => new Worker(rabbit, tasks, handler, { batch: { size: 10, waitMs: 1 }, prefetch: 9 })).toThrow(
    'prefetch: must be at least batch.size',
  )
})
