import { describe, expect } from 'vitest'
import { connect, DeadLetters, Producer } from '../../src/index.js'
import { clearAlarm, raiseAlarm } from '../support/alarm.js'
import { drain, giveUp, idsOf, putLetters } from '../support/letters.js'
import { runProgram } from '../support/program.js'
import { eventually, gate, tasks, test } from '../support/support.js'

const COUNT = 40
/** As many may be unsettled when a replay is interrupted, and so come twice. */
const AT_ONCE = 32

describe('a replay', () => {
  test('whose connection is lost ends with a ConnectionError, and goes on when called again', async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
  }) => {
    const ids = await giveUp(rabbit, COUNT)
    const cut = await connectTo({}, proxy.urlFor(vhost.url))
    const letters = new DeadLetters(cut, tasks)
    let asked = 0
    const filter = (): boolean => {
      asked += 1
      if (asked % 10 === 0) proxy.reset()
      return true
    }
    await expect(letters.replay({ filter })).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'lost',
      retryable: true,
      message: expect.stringContaining("The replay of 'tasks.dead-letter' was interrupted"),
    })
    let replayed = 0
    await eventually(
      async () => {
        replayed += (await letters.replay({ limit: 7, filter })).replayed
        expect(await letters.count()).toBe(0)
      },
      { timeoutMs: 30_000 },
    )
    expect(replayed).toBeLessThanOrEqual(COUNT)
    const stored = await drain(rabbit, 'tasks')
    expect([...new Set(stored)].sort()).toEqual([...ids].sort())
    expect(stored.length).toBeLessThan(COUNT + 10 * AT_ONCE)
  })

  test('that is interrupted while it puts letters behind the others loses none of them', async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
  }) => {
    await new DeadLetters(rabbit, tasks).count()
    const ids = await putLetters(vhost.url, 'tasks.dead-letter', { count: 300 })
    const isThird = (id: string | undefined): boolean => ids.indexOf(id ?? '') % 3 === 0
    const letters = new DeadLetters(await connectTo({}, proxy.urlFor(vhost.url)), tasks)
    let [asked, cuts] = [0, 0]
    const filter = ({ messageId }: { messageId: string | undefined }): boolean => {
      asked += 1
      if (asked % 150 === 0 && cuts < 4) {
        cuts += 1
        proxy.reset()
      }
      return isThird(messageId)
    }
    await eventually(async () => void (await letters.replay({ filter })), { timeoutMs: 60_000 })
    expect(cuts).toBeGreaterThan(1)
    // The last call began when unsettled letters may not have been back yet.
    await eventually(async () => {
      await letters.replay({ filter })
      expect((await idsOf(rabbit)).filter(isThird)).toEqual([])
    })
    const [back, left] = [await drain(rabbit, 'tasks'), await drain(rabbit, 'tasks.dead-letter')]
    expect([...new Set(back)].sort()).toEqual(ids.filter(isThird).sort())
    expect([...new Set(left)].sort()).toEqual(ids.filter((id) => !isThird(id)).sort())
    expect(back.length + left.length).toBeLessThanOrEqual(ids.length + cuts * AT_ONCE)
  })

  test('whose broker closes the connection or goes silent ends in time', async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
  }) => {
    const ids = await giveUp(rabbit, 3)
    const cut = await connectTo({ heartbeatMs: 1_000, connectTimeoutMs: 2_000 }, proxy.urlFor(vhost.url))
    const letters = new DeadLetters(cut, tasks)
    await letters.count()
    // The management API tells of a connection some seconds after it was made.
    await eventually(async () => expect(await vhost.connections()).toHaveLength(4), { timeoutMs: 30_000 })
    const closing = letters.replay({
      filter: async () => {
        await vhost.closeConnections('maintenance')
        return true
      },
    })
    await expect(closing).rejects.toMatchObject({ name: 'ConnectionError', reason: 'lost' })
    await eventually(async () => expect((await letters.peek()).length).toBeGreaterThan(0))
    const silent = letters.replay({
      filter: () => {
        proxy.blackHole()
        return true
      },
    })
    await expect(silent).rejects.toMatchObject({ name: 'ConnectionError' })
    proxy.heal()
    const found = new Set([...(await drain(rabbit, 'tasks'))])
    await eventually(async () => {
      for (const id of await idsOf(rabbit)) found.add(id ?? '')
      expect([...found].sort()).toEqual([...ids].sort())
    })
  })

  test('whose process is killed loses nothing, and is finished by the next', async ({ rabbit, vhost }) => {
    const ids = await giveUp(rabbit, COUNT)
    const { lines } = await runProgram(
      vhost.url,
      `const letters = new DeadLetters(await connect(url), tasks)
       let asked = 0
       const filter = async () => {
         asked += 1
         if (asked === 25) {
           console.log('enough')
           process.kill(process.pid, 'SIGKILL')
         }
         return true
       }
       await letters.replay({ filter, ratePerSecond: 500 })
       console.log('done')`,
    )
    expect(lines).toEqual(['enough'])
    const letters = new DeadLetters(rabbit, tasks)
    await eventually(async () => {
      await letters.replay()
      expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 0 })
    })
    const stored = await drain(rabbit, 'tasks')
    expect([...new Set(stored)].sort()).toEqual([...ids].sort())
    expect(stored.length).toBeLessThanOrEqual(COUNT + AT_ONCE)
  })

  test('that is going on is ended by close, with every letter in exactly one place', async ({ rabbit, vhost }) => {
    const ids = await giveUp(rabbit, 5)
    const other = await connect(vhost.url)
    const letters = new DeadLetters(other, tasks)
    const third = gate()
    let asked = 0
    const filter = (): boolean => {
      asked += 1
      if (asked === 3) third.open()
      return true
    }
    const replaying = letters.replay({ filter, ratePerSecond: 4 })
    await third.opened
    await other.close({ timeoutMs: 5_000 })
    const { replayed } = await replaying
    expect(replayed).toBeLessThan(5)
    const [back, left] = [await drain(rabbit, 'tasks'), await idsOf(rabbit)]
    expect(back).toHaveLength(replayed)
    expect([...back, ...left].sort()).toEqual([...ids].sort())
  })
})

test('looking while the broker is away ends in time, and works again afterwards', async ({
  rabbit,
  connectTo,
  proxy,
  vhost,
}) => {
  const ids = await giveUp(rabbit, 2)
  const cut = await connectTo({ publishTimeoutMs: 1_000 }, proxy.urlFor(vhost.url))
  const letters = new DeadLetters(cut, tasks)
  expect(await letters.count()).toBe(2)
  proxy.refuse()
  proxy.reset()
  await eventually(() => expect(cut.state).toBe('reconnecting'))
  await expect(letters.count()).rejects.toMatchObject({ name: 'ConnectionError', retryable: true })
  await expect(letters.peek()).rejects.toMatchObject({ name: 'ConnectionError', retryable: true })
  await proxy.accept()
  await eventually(async () => expect((await letters.peek()).map(({ messageId }) => messageId)).toEqual(ids), {
    timeoutMs: 30_000,
  })
})

test('an alarm holds a replay up and loses nothing; looking goes on', async ({ ownBroker }) => {
  await using rabbit = await connect(ownBroker.url, { publishTimeoutMs: 2_000 })
  const ids = await giveUp(rabbit, 3)
  const letters = new DeadLetters(rabbit, tasks)
  await raiseAlarm(ownBroker)
  new Producer(rabbit, tasks).send({ n: 9 }, { messageId: 'later', timeoutMs: 60_000 }).catch(() => undefined)
  await eventually(() => expect(rabbit.state).toBe('blocked'))
  expect((await letters.peek()).map(({ messageId }) => messageId)).toEqual(ids)
  await expect(letters.replay()).rejects.toMatchObject({ name: 'PublishError' })
  expect((await idsOf(rabbit)).sort()).toEqual([...ids].sort())
  await clearAlarm(ownBroker)
  await eventually(async () => expect(await letters.replay()).toEqual({ replayed: 3, skipped: 0 }), {
    timeoutMs: 20_000,
  })
  await eventually(async () => {
    const stored = await drain(rabbit, 'tasks')
    expect(stored).toEqual(expect.arrayContaining(ids))
  })
}, 120_000)
