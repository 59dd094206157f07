import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { allocated } from '../src/allocation/allocated.js'

/** Bytes of heap a message of 200 bytes: with Node.js 20 it is 3,000, 6,550, 10,400 and 32,000. */
const MOST = { publish: 4_500, deliver: 9_500, handle: 15_000, call: 45_000 }

/** Which share of them may outlive their message: less than 0.04 does, and more than 0.15 of the last two where they are in a `Set`. */
const MOST_LEFT = 0.1

/** By how much the most and the least may differ. */
const ABOUT_CONSTANT = 1.3

describe('what is allocated for a message, counted in bytes and not in time, is bounded, and freed with it', () => {
  test.for([
    ['published, validated and confirmed', 'publish', 30_000],
    ['delivered, validated, handled and acknowledged', 'deliver', 15_000],
    ['delivered to an asynchronous handler', 'handle', 15_000],
    ['a request, handled and answered', 'call', 5_000],
  ] as const)('of a message that is %s', async ([_what, kind, messages], { vhost }) => {
    const { bytes, left } = await allocated({ url: vhost.url, kind, messages })
    expect(bytes).toBeGreaterThan(200)
    expect(bytes).toBeLessThan(MOST[kind])
    expect(left).toBeLessThan(MOST_LEFT)
  })

  test('and about the same whether 1,000 or 100,000 wait at once', async ({ vhost }) => {
    const found: number[] = []
    for (const messages of [1_000, 100_000]) {
      found.push((await allocated({ url: vhost.url, kind: 'waiting', messages })).bytes)
    }
    expect(Math.max(...found) / Math.min(...found)).toBeLessThan(ABOUT_CONSTANT)
  })
})
