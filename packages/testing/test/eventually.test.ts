import { eventually, NeverError } from '@leveret/testing'
import { expect, test } from 'vitest'

test('eventually returns what the assertion returns once it passes', async () => {
  let tries = 0
  const result = await eventually(() => {
    tries++
    if (tries < 3) throw new Error('not yet')
    return 'done'
  })
  expect([result, tries]).toEqual(['done', 3])
})

test('eventually names the last failure when the time is up', async () => {
  const never = eventually(() => expect(1).toBe(2), { timeoutMs: 100 })
  await expect(never).rejects.toThrow(NeverError)
  await expect(never).rejects.toThrow(/Still failing after 100 ms: expected 1 to be 2/)
})

test('eventually does not wait for an assertion that hangs', async () => {
  const hangs = eventually(() => new Promise(() => {}), { timeoutMs: 100 })
  await expect(hangs).rejects.toThrow('did not end')
})
