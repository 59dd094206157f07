import type { RabbitMQ } from '@leveret/testing'
import { expect } from 'vitest'
import { connect, type Delivery, Producer, Reject, Worker, workQueue } from '../../src/index.js'
import { drain } from '../support/letters.js'
import { saveQueues } from '../support/saved.js'
import { eventually, gate, tasks, test } from '../support/support.js'
import { onPublishEnd } from '../support/traces.js'

/** A short run in every suite; `LEVERET_COPY_KILLS=200` is the long one. */
const KILLS = Number(process.env.LEVERET_COPY_KILLS ?? 2)
/** Deliveries that each kill finds between the confirm of their copy and their ack. */
const AT_ONCE = 50

/** So long that every copy is still where it was put when the copies are counted. */
const DAY_MS = 86_400_000
const copied = workQueue('copied', { payload: tasks.payload, retry: { delaysMs: [DAY_MS] } })
const READY = { timeoutMs: 60_000 }

/** Has the broker read no more from what consumes: it goes on delivering, and gets no ack. */
async function readNoAcks(broker: RabbitMQ): Promise<void> {
  const suspended = await broker.ctl(
    'eval',
    `length([sys:suspend(Reader) || Reader <- rabbit_networking:local_connections(),
      {client_properties, Properties} <- rabbit_networking:connection_info(Reader, [client_properties]),
      {<<"connection_name">>, _, Name} <- Properties, binary:match(Name, <<"(consume)">>) =/= nomatch]).`,
  )
  expect(suspended.trim()).toBe('1')
}

/** @returns how many copies are stored so far: all that was confirmed and that no producer has sent */
function copiesOf(connection: string): () => number {
  let copies = 0
  onPublishEnd(({ connection: name, kind, outcome }) => {
    if (name === connection && kind !== 'message' && outcome === 'confirmed') copies += 1
  })
  return () => copies
}

test(
  `a broker killed between a copy's confirm and the ack, ${KILLS} times with ${AT_ONCE} deliveries there, loses none and keeps their ids`,
  async ({ ownBroker }) => {
    await using rabbit = await connect(ownBroker.url, { name: 'copier' })
    const copies = copiesOf('copier')
    const ids: string[] = []
    const again = new Set<string>()
    let hold = gate()
    let held = 0
    const handler = async ({ n }: { n: number }, { messageId = '', redelivered }: Delivery): Promise<void> => {
      if (redelivered) {
        again.add(messageId)
        return
      }
      held += 1
      await hold.opened
      throw n % 2 === 0 ? new Error('to be tried again') : new Reject('to be kept as a dead letter')
    }
    const worker = new Worker(rabbit, copied, handler, { concurrency: AT_ONCE })
    await worker.start()
    const producer = new Producer(rabbit, copied)
    /** Leaves as many copies as there were tasks. */
    const fail = async (count: number, round: string, meanwhile?: () => Promise<void>): Promise<void> => {
      hold = gate()
      held = 0
      const wanted = copies() + count
      for (let n = 0; n < count; n += 1) {
        const { messageId } = await producer.send({ n }, { messageId: `${round}, task ${n}` })
        ids.push(messageId)
      }
      await eventually(() => expect(held).toBe(count))
      await meanwhile?.()
      hold.open()
      await eventually(() => expect(copies()).toBe(wanted))
    }

    // So that both queues of copies are there. Their acks count: these come once.
    await fail(2, 'without a kill')
    await saveQueues(ownBroker)
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await fail(AT_ONCE, `kill ${kill}`, () => readNoAcks(ownBroker))
      await ownBroker.kill()
      await ownBroker.start()
      await eventually(() => expect(again.size).toBe(kill * AT_ONCE), READY)
      await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }), READY)
    }

    await worker.close()
    const stored = [...(await drain(rabbit, `copied.retry.${DAY_MS}`)), ...(await drain(rabbit, 'copied.dead-letter'))]
    const lost = ids.filter((id) => !stored.includes(id))
    console.log(
      `copies (${ownBroker.version}): ${KILLS} kills, ${again.size} deliveries between the confirm of their copy and their ack: ` +
        `${lost.length} copies lost, ${stored.length} there, all ${again.size} deliveries came again`,
    )
    expect(stored.sort()).toEqual([...ids].sort())
    expect([...again].sort()).toEqual(ids.filter((id) => id.startsWith('kill')).sort())
  },
  KILLS * 60_000 + 120_000,
)
