import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { allocated } from '../src/allocation/allocated.js'

/** Bytes of heap a message of 200 bytes: with Node.js 20 it is 4,750 and 7,550. */
const MOST = { publish: 6_500, deliver: 10_300 }

/** By how much the most and the least may differ. */
const ABOUT_CONSTANT = 1.3

describe('what is allocated for a message, counted in bytes and not in time, is bounded', () => {
  test('of a message that is published, validated and confirmed', async ({ vhost }) => {
    const bytes = await allocated({ url: vhost.url, kind: 'publish', messages: 10_000 })
    expect(bytes).toBeGreaterThan(200)
    expect(bytes).toBeLessThan(MOST.publish)
  })

  test('of a message that is delivered, validated, handled and acknowledged', async ({ vhost }) => {
    const bytes = await allocated({ url: vhost.url, kind: 'deliver', messages: 10_000 })
    expect(bytes).toBeGreaterThan(200)
    expect(bytes).toBeLessThan(MOST.deliver)
  })

  test('and about the same whether 1,000 or 100,000 wait at once', async ({ vhost }) => {
    const found: number[] = []
    for (const messages of [1_000, 100_000]) {
      found.push(await allocated({ url: vhost.url, kind: 'waiting', messages }))
    }
    expect(Math.max(...found) / Math.min(...found)).toBeLessThan(ABOUT_CONSTANT)
  })
})
