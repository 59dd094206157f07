import { describe, expect } from 'vitest'
import { connectOptions } from '../../src/connection/connect-options.js'
import { type ConnectOptions, Producer } from '../../src/index.js'
import { eventually, firstEvent, stable, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

const SOON = { timeoutMs: 20_000 }
const defaults = connectOptions.parse({})
/** Every time is a fifth of its default, so that a test need not wait for half a minute. */
const SCALE = 5
const scaled: ConnectOptions = {
  heartbeatMs: defaults.heartbeatMs / SCALE,
  publishTimeoutMs: defaults.publishTimeoutMs / SCALE,
  connectTimeoutMs: defaults.connectTimeoutMs / SCALE,
}

forbidSurprises()

describe('at the default settings, all scaled down alike,', () => {
  test('a half-open link costs no send: it is replaced before any of them is given up', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo(scaled, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    await stable()
    const failures: unknown[] = []
    let sent = 0
    let settled = 0
    const send = (): void => {
      sent += 1
      const settling = producer.send({ n: sent }).catch((error: unknown) => failures.push(error))
      void settling.then(() => {
        settled += 1
      })
    }
    const lost = firstEvent(rabbit, 'disconnected')
    proxy.blackHole()
    // The first one is sent when the silence has just begun, and so waits the longest.
    const sending = setInterval(send, 20)
    expect(await lost).toMatchObject({ reason: { name: 'ConnectionError', reason: 'lost' } })
    proxy.heal()
    clearInterval(sending)
    await eventually(() => expect(settled).toBe(sent), SOON)
    expect(sent).toBeGreaterThan(10)
    expect(failures).toEqual([])
  }, 60_000)
})
