import { describe, expect } from 'vitest'
import { connect } from '../../src/index.js'
import { once, range, reader, write } from '../support/journal.js'
import { saveQueues } from '../support/saved.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

describe('a stream', () => {
  test('is read on when its broker was restarted, and when it was killed', async ({ ownBroker }) => {
    const rabbit = await connect(ownBroker.url)
    const { subscriber, seen, told } = reader(rabbit)
    await subscriber.start()
    await write(rabbit, range(0, 99))
    await eventually(() => expect(seen).toHaveLength(100))
    await ownBroker.restart()
    await streamIsUp(ownBroker.url)
    await eventually(async () => await write(rabbit, [100]), { timeoutMs: 40_000 })
    await eventually(() => expect(seen.at(-1)).toBe(100), { timeoutMs: 40_000 })
    await saveQueues(ownBroker)
    await ownBroker.kill()
    await ownBroker.start()
    await streamIsUp(ownBroker.url)
    await eventually(async () => await write(rabbit, [101]), { timeoutMs: 40_000 })
    await eventually(() => expect(seen.at(-1)).toBe(101), { timeoutMs: 40_000 })
    expect(once(seen)).toEqual(range(0, 101))
    expect(seen.length).toBeLessThan(110)
    expect(told).toEqual([])
    await rabbit.close()
  }, 180_000)

  test('whose replica does not run is waited for, by who reads it and by who begins to', async ({ ownBroker }) => {
    await using rabbit = await connect(ownBroker.url)
    const reading = reader(rabbit)
    const beginning = reader(rabbit)
    await reading.subscriber.start()
    await write(rabbit, range(0, 9))
    // What runs them. Where it is away, a node that has just come up is as well for a while, and longer under load.
    await ownBroker.ctl('eval', 'application:stop(osiris).')
    await ownBroker.ctl('close_all_connections', 'a test')
    const started = beginning.subscriber.start()
    const why = expect.stringMatching(/does not have a (running )?replica on the local node\. The stream /)
    await eventually(() => expect(rabbit.health().roles).toMatchObject([{ why }, { why }]), { timeoutMs: 40_000 })
    await ownBroker.ctl('eval', 'application:start(osiris).')
    await started
    await eventually(async () => await write(rabbit, [10]), { timeoutMs: 40_000 })
    for (const { seen } of [reading, beginning]) {
      await eventually(() => expect(once(seen)).toEqual(range(0, 10)), { timeoutMs: 40_000 })
    }
  }, 180_000)
})

/** RabbitMQ 3.10 confirms what is published to a stream that is still coming up, and then loses it. What can be consumed is up. */
async function streamIsUp(url: string): Promise<void> {
  await eventually(
    async () => {
      await using other = await stranger(url)
      await other.channel.prefetch(1)
      await other.channel.consume('lines', () => undefined)
    },
    { timeoutMs: 40_000 },
  )
}
