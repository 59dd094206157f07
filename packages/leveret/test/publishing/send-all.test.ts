import { describe, expect } from 'vitest'
import { ClosedError, Producer } from '../../src/index.js'
import { eventually, gate, tasks, test } from '../support/support.js'

/** A source that gives some, and then keeps its reader waiting; and whether it was left. */
function quiet(count: number): { source: AsyncIterable<{ n: number }>; wasLeft: () => boolean } {
  let left = false
  let given = 0
  const iterator: AsyncIterator<{ n: number }> = {
    next: async () => {
      if (given === count) await gate().opened
      given += 1
      return { done: false, value: { n: given === count ? 0.5 : given } }
    },
    return: async () => {
      left = true
      // Nor does it ever say that it was left.
      await gate().opened
      return { done: true, value: undefined }
    },
  }
  return { source: { [Symbol.asyncIterator]: () => iterator }, wasLeft: () => left }
}

describe('sendAll over a live source that is quiet', () => {
  test('hears a failure', async ({ rabbit }) => {
    const { source, wasLeft } = quiet(3)
    await expect(new Producer(rabbit, tasks).sendAll(source)).rejects.toMatchObject({ name: 'PayloadError' })
    expect(wasLeft()).toBe(true)
  })

  test('hears its signal', async ({ rabbit, vhost }) => {
    const { source, wasLeft } = quiet(3)
    const [abort, reason] = [new AbortController(), new Error('enough')]
    const sending = new Producer(rabbit, tasks).sendAll(source, { signal: abort.signal, onFailure: () => undefined })
    sending.catch(() => undefined)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 2 }))
    abort.abort(reason)
    await expect(sending).rejects.toBe(reason)
    expect(wasLeft()).toBe(true)
  })

  test.for(['the producer', 'the connection'] as const)('hears that %s closes', async (what, { rabbit, vhost }) => {
    const { source, wasLeft } = quiet(3)
    const producer = new Producer(rabbit, tasks)
    const sending = producer.sendAll(source, { onFailure: () => undefined })
    sending.catch(() => undefined)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 2 }))
    await (what === 'the producer' ? producer : rabbit).close()
    await expect(sending).rejects.toBeInstanceOf(ClosedError)
    expect(wasLeft()).toBe(true)
  })
})

describe('sendAll over a source without end that is always ready', () => {
  function* endless(of: number): Generator<{ n: number }> {
    for (;;) yield { n: of }
  }

  test.for([
    ['sent', 1],
    ['refused', 0.5],
  ] as const)(
    'gives the process its turns, and ends when the connection closes, where each is %s',
    async ([, n], { rabbit, vhost }) => {
      const failures: unknown[] = []
      const sending = new Producer(rabbit, tasks).sendAll(endless(n), {
        onFailure: (failure) => {
          if (failures.length < 10) failures.push(failure)
        },
      })
      sending.catch(() => undefined)
      if (n === 0.5) await eventually(() => expect(failures).toHaveLength(10))
      else await eventually(async () => expect((await vhost.queue('tasks')).messages).toBeGreaterThan(0))
      await rabbit.close()
      await expect(sending).rejects.toMatchObject({
        name: 'ClosedError',
        message: "The producer of 'tasks' was closed before all payloads were sent",
      })
      expect(failures.length > 0).toBe(n === 0.5)
    },
  )
})

test('sendAll reports no more failures than sends it had begun when the connection closes', async ({ rabbit }) => {
  let failed = 0
  const rows = Array.from({ length: 100_000 }, (_, n) => ({ n }))
  const sending = new Producer(rabbit, tasks).sendAll(rows, {
    onFailure: () => {
      failed += 1
    },
  })
  sending.catch(() => undefined)
  await rabbit.close({ timeoutMs: 0 })
  await expect(sending).rejects.toBeInstanceOf(ClosedError)
  expect(failed).toBeLessThanOrEqual(1_000)
})

test('sendAll leaves a source whose item was a promise that rejects', async ({ rabbit }) => {
  let left = false
  function* source(): Generator<{ n: number }> {
    try {
      yield { n: 1 }
      yield Promise.reject(new Error('no such row')) as never
    } finally {
      left = true
    }
  }
  await expect(new Producer(rabbit, tasks).sendAll(source())).rejects.toThrow('no such row')
  expect(left).toBe(true)
})
