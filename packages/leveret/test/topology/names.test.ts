import { expect } from 'vitest'
import { connect } from '../../src/index.js'
import { eventually, test } from '../support/support.js'

/** No name server may know it. @see https://www.rfc-editor.org/rfc/rfc2606#section-2 */
const NAMELESS = 'amqp://broker.invalid'
/** With a back-off that doubles, so many tries take minutes. */
const MANY_TRIES = 12

test('a name without an address is tried as often as a port without a listener', async ({ connectTo }) => {
  const rabbit = await connectTo({ startupTimeoutMs: Number.POSITIVE_INFINITY }, NAMELESS)
  let tries = 0
  rabbit.on('connect-failed', ({ attempt }) => {
    tries = attempt
  })
  await eventually(() => expect(tries).toBeGreaterThanOrEqual(MANY_TRIES), { timeoutMs: 25_000 })
}, 40_000)

test('a name without an address is reported within startupTimeoutMs, in a sentence', async () => {
  await expect(connect(NAMELESS, { startupTimeoutMs: 1_000 })).rejects.toMatchObject({
    reason: 'unreachable',
    message: expect.stringMatching(
      /^Cannot connect to amqp:\/\/\S*broker\.invalid\S*: the name of the host has no address \(getaddrinfo E\w+ broker\.invalid\)$/,
    ),
  })
})
