import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { compare } from '../src/work/compare.js'
import { publish } from '../src/work/publish.js'
import type { Contender } from '../src/work/work.js'

test('a client that leaves work undone is no contender: its figures are not shown', async ({ broker }) => {
  const idle: Contender = {
    client: 'idle',
    open: async () => ({
      run: async (watch) => {
        watch.start()
        watch.stop()
      },
      close: async () => undefined,
    }),
  }
  const effort = { quick: true, rounds: 1, messages: 3 }
  const compared = compare({ ...publish, contenders: [publish.contenders[0], idle] }, broker, effort)
  await expect(compared).rejects.toThrow('idle left 0 messages in classic-1, not 3.')
})
