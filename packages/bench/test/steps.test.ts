import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { steps } from '../src/steps/steps.js'

/** The most functions of leveret that may run for a message. In version 0.1.0 they were 97 and 106. */
const MOST = { send: 50, deliver: 55 }

describe('few functions run for a message, because at low rates they run unoptimized:', () => {
  test.for([
    ['a send, validated and confirmed', 'send', 'roles/producer.js send'],
    ['a delivery, validated, handled and acknowledged', 'deliver', 'consuming/delivery/acks.js ack'],
  ] as const)('%s', async ([_what, kind, known], { vhost }) => {
    const found = await steps({ url: vhost.url, kind, messages: 1_000 })
    expect(found).toContain(known)
    expect(found.length, found.join('\n')).toBeLessThanOrEqual(MOST[kind])
  })
})
