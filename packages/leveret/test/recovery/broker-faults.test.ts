import { describe, expect } from 'vitest'
import { connect, Producer, Worker } from '../../src/index.js'
import { clearAlarm, raiseAlarm } from '../support/alarm.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'

describe('a broker', () => {
  test('restarted, and then killed and started, loses no confirmed task, and its workers come back', async ({
    ownBroker,
  }) => {
    const rabbit = await connect(ownBroker.url)
    const handled = new Set<string>()
    const worker = new Worker(rabbit, tasks, (_task, { messageId = '' }) => void handled.add(messageId))
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    const confirmed: string[] = []
    const failed: unknown[] = []
    let sending = true
    const load = (async () => {
      for (let n = 0; sending && failed.length === 0; n += 1) {
        await producer.send({ n }).then(
          ({ messageId }) => confirmed.push(messageId),
          (error: unknown) => failed.push(error),
        )
      }
    })()
    const moreConfirmed = async (): Promise<void> => {
      const wanted = confirmed.length + 50
      const progress = (): void => {
        expect(failed).toEqual([])
        expect(confirmed.length).toBeGreaterThan(wanted)
      }
      await eventually(progress, { timeoutMs: 40_000 })
    }
    await moreConfirmed()
    // In order first: a queue that RabbitMQ 3.10 has declared less than a second before a kill has no leader afterwards.
    await ownBroker.restart()
    await moreConfirmed()
    await ownBroker.kill()
    await ownBroker.start()
    await moreConfirmed()
    sending = false
    await load
    await eventually(() => expect(confirmed.filter((id) => !handled.has(id))).toEqual([]), { timeoutMs: 20_000 })
    expect(failed).toEqual([])
    expect(rabbit.health()).toMatchObject({ ready: true })
    await rabbit.close()
  }, 120_000)

  test('that arrives late is waited for', async ({ ownBroker }) => {
    await ownBroker.stop()
    const rabbit = await connect(ownBroker.url, { startupTimeoutMs: Number.POSITIVE_INFINITY })
    expect(rabbit.health()).toMatchObject({ live: true, ready: false, state: 'connecting' })
    const seen: number[] = []
    const attached = new Worker(rabbit, tasks, ({ n }) => void seen.push(n)).start()
    const producer = new Producer(rabbit, tasks)
    // A queue that has no leader yet answers with a nack, and then nothing is stored.
    const sent = eventually(async () => await producer.send({ n: 1 }), { timeoutMs: 30_000 })
    await ownBroker.start()
    await Promise.all([attached, sent])
    await eventually(() => expect(seen).toEqual([1]))
    await rabbit.close()
  })

  test('in alarm accepts no publishes and stops no acks', async ({ ownBroker }) => {
    await using rabbit = await connect(ownBroker.url, { publishTimeoutMs: 1_000 })
    const hold = gate()
    const acked: number[] = []
    const worker = new Worker(
      rabbit,
      tasks,
      async ({ n }) => {
        await hold.opened
        acked.push(n)
      },
      { concurrency: 2 },
    )
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => producer.send({ n })))
    const blocked = firstEvent(rabbit, 'blocked')
    await raiseAlarm(ownBroker)
    const first = producer.send({ n: 7 })
    expect(await blocked).toMatchObject({ lane: 'publish' })
    await expect(first).rejects.toMatchObject({ name: 'PublishError' })
    await expect(producer.send({ n: 8 })).rejects.toMatchObject({
      outcome: 'not-sent',
      message: expect.stringContaining('memory'),
    })
    expect(rabbit.health()).toMatchObject({ live: true, ready: false, state: 'blocked' })
    hold.open()
    await eventually(() => expect(acked.filter((n) => n <= 6).sort()).toEqual([1, 2, 3, 4, 5, 6]))

    const unblocked = firstEvent(rabbit, 'unblocked')
    await clearAlarm(ownBroker)
    await unblocked
    await producer.send({ n: 9 })
    await eventually(() => expect(acked).toContain(9))
  })
})
