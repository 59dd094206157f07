import type { RabbitMQ } from '@leveret/testing'
import { expect } from 'vitest'
import { type Connection, connect, Producer, Worker, workQueue } from '../../src/index.js'
import { Random } from '../support/random.js'
import { saveQueues } from '../support/saved.js'
import { eventually, tasks, test } from '../support/support.js'

/** A short run in every suite; `LEVERET_RESTARTS=10` is the long one, `LEVERET_SEED` makes its moments again. */
const ROUNDS = Number(process.env.LEVERET_RESTARTS ?? 2)
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000)
const WORKERS = 20
const READY = { timeoutMs: 60_000 }

const queues = Array.from({ length: WORKERS }, (_, n) => workQueue(`tasks-${n}`, { payload: tasks.payload }))

/** The workers to which the broker does not deliver, each with what health says of it. */
function reasonsOfAbsent(rabbit: Connection): Map<string, string | undefined> {
  const absent = rabbit.health().roles.filter(({ role, attached }) => role === 'worker' && !attached)
  return new Map(absent.map(({ name, ready, why }) => [name, ready ? undefined : why]))
}

/** Kills a broker that is starting, so long after it is connected to, or at once when the first worker consumes. */
async function killWhileDeclaring(broker: RabbitMQ, rabbit: Connection, afterMs: number): Promise<void> {
  const connected = new Promise<void>((resolve) => {
    rabbit.on('connected', ({ lane }) => lane === 'consume' && resolve())
  })
  const starting = broker.start().catch(() => undefined)
  await connected
  const since = performance.now()
  const due = (): void =>
    expect(performance.now() - since > afterMs || reasonsOfAbsent(rabbit).size < WORKERS).toBe(true)
  await eventually(due, { ...READY, intervalMs: 1 })
  await broker.kill()
  await starting
}

test(
  `${WORKERS} workers of ${WORKERS} queues: a broker stopped, started, and killed while they declare, ${ROUNDS} times (seed ${SEED}), ends with one consumer of each`,
  async ({ ownBroker }) => {
    const random = new Random(SEED)
    await using rabbit = await connect(ownBroker.url)
    const handled = new Set<string>()
    const workers = queues.map((queue) => new Worker(rabbit, queue, () => void handled.add(queue.name)))
    await Promise.all(workers.map((worker) => worker.start()))
    await saveQueues(ownBroker)
    const moments: string[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      await ownBroker.stop()
      await eventually(() => expect(reasonsOfAbsent(rabbit).size).toBe(WORKERS))
      expect([...reasonsOfAbsent(rabbit).keys()]).toEqual(queues.map(({ name }) => name))
      let attachedMost = 0
      const unexplained: string[] = []
      const look = setInterval(() => {
        const absent = reasonsOfAbsent(rabbit)
        attachedMost = Math.max(attachedMost, WORKERS - absent.size)
        for (const [name, why] of absent) if (why === undefined) unexplained.push(name)
      }, 1)
      const afterMs = random.below(200)
      await killWhileDeclaring(ownBroker, rabbit, afterMs)
      clearInterval(look)
      expect(unexplained).toEqual([])
      moments.push(`${afterMs} ms, ${attachedMost} attached`)
      await ownBroker.start()
    }
    console.log(`restarts (${ownBroker.version}): seed ${SEED}: killed after ${moments.join('; ')}`)

    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }), READY)
    await eventually(async () => {
      const consumers = await ownBroker.management.consumers('/')
      expect(consumers.map(({ queue }) => queue.name).sort()).toEqual(queues.map(({ name }) => name).sort())
    })
    await Promise.all(queues.map((queue) => new Producer(rabbit, queue).send({ n: 1 })))
    await eventually(() => expect(handled.size).toBe(WORKERS))
  },
  ROUNDS * 90_000 + 180_000,
)
