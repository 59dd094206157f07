import { setTimeout as delay } from 'node:timers/promises'
import type { RabbitMQ } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Connection, connect, Producer, Worker, type WorkQueue, workQueue } from '../../src/index.js'
import { Random } from '../support/random.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises, settled } from '../support/surprises.js'

/** A short run in every suite; `LEVERET_KILLS=50` is the long one, `LEVERET_SEED` makes one again. */
const KILLS = Number(process.env.LEVERET_KILLS ?? 5)
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000)

const payload = z.object({ n: z.int() })
/** Classic and alone: RabbitMQ 3.10 loses the leader of a quorum queue that it declared less than a second before a kill. */
const simple = (name: string): WorkQueue<typeof payload> =>
  workQueue(name, { payload, queue: { type: 'classic' }, retry: false, deadLetter: false })

const FOREVER = Number.POSITIVE_INFINITY
const READY = { timeoutMs: 60_000 }

forbidSurprises()

/** What a program does over and over while its broker is killed. It has no event listeners. */
class Program {
  readonly #url: string
  readonly #sends: Promise<unknown>[] = []
  #count = 0
  #declared = 0

  constructor(url: string) {
    this.#url = url
  }

  get sends(): readonly Promise<unknown>[] {
    return this.#sends
  }

  send(producer: Producer<ReturnType<typeof simple>>): Promise<unknown> {
    this.#count += 1
    const sent = settled(producer.send({ n: this.#count }, { timeoutMs: 5_000 }))
    this.#sends.push(sent)
    return sent
  }

  /** Begins something that goes on when the broker is killed. @returns what ends it */
  readonly phases: Record<string, () => Promise<() => Promise<unknown>>> = {
    connecting: async () => {
      const options = { startupTimeoutMs: 2_000, connectTimeoutMs: 1_000 }
      const opening = Array.from({ length: 5 }, () => connect(this.#url, options))
      for (const one of opening) void settled(one)
      return async () => {
        for (const one of await Promise.allSettled(opening)) if (one.status === 'fulfilled') await one.value.close()
      }
    },
    declaring: async () => {
      const rabbit = await this.#connected()
      this.#declared += 1
      const queues = Array.from({ length: 10 }, (_, n) => simple(`declared-${this.#declared}-${n}`))
      const starts = queues.map((queue) => settled(new Worker(rabbit, queue, () => undefined).start()))
      return async () => {
        await rabbit.close({ timeoutMs: 500 })
        await Promise.all(starts)
      }
    },
    publishing: async () => {
      const rabbit = await this.#connected()
      const producer = new Producer(rabbit, simple('published'))
      await this.send(producer)
      for (let n = 0; n < 500; n += 1) void this.send(producer)
      return async () => await rabbit.close({ timeoutMs: 500 })
    },
    handling: async () => {
      const rabbit = await this.#connected()
      const queue = simple('handled')
      await settled(new Worker(rabbit, queue, async ({ n }) => await delay(n % 30)).start())
      const producer = new Producer(rabbit, queue)
      for (let n = 0; n < 200; n += 1) void this.send(producer)
      return async () => await rabbit.close({ timeoutMs: 500 })
    },
    closing: async () => {
      const rabbit = await this.#connected()
      const queue = simple('closed')
      const started = settled(new Worker(rabbit, queue, async () => await delay(20)).start())
      const producer = new Producer(rabbit, queue)
      await this.send(producer)
      for (let n = 0; n < 200; n += 1) void this.send(producer)
      const closed = rabbit.close({ timeoutMs: 2_000 })
      return async () => await Promise.all([closed, started])
    },
  }

  async #connected(): Promise<Connection> {
    const rabbit = await connect(this.#url, { startupTimeoutMs: FOREVER, connectTimeoutMs: 2_000 })
    await eventually(() => expect(rabbit.state).toBe('ready'), READY)
    return rabbit
  }
}

/** Starts the broker, now and then twice: the first time it is killed on its way. Never rejects, for it may be killed any time. */
async function launch(broker: RabbitMQ, random: Random): Promise<void> {
  const [killFirst, afterMs] = [random.chance(0.3), 500 + random.below(3_000)]
  if (killFirst) {
    const starting = broker.start().catch(() => undefined)
    await delay(afterMs)
    await broker.kill()
    await starting
  }
  await broker.start().catch(() => undefined)
}

describe('with no listener on anything', () => {
  test(
    `${KILLS} kills of the broker at random moments (seed ${SEED}) crash nothing, and afterwards a task is sent and handled`,
    async ({ ownBroker }) => {
      const random = new Random(SEED)
      const program = new Program(ownBroker.url)
      const lasting = await connect(ownBroker.url)
      const seen = new Set<number>()
      const queue = simple('lasting')
      await new Worker(lasting, queue, ({ n }) => void seen.add(n)).start()
      const producer = new Producer(lasting, queue)
      const moments: string[] = []
      const names = Object.keys(program.phases)
      let launched = Promise.resolve()
      for (let kill = 0; kill < KILLS; kill += 1) {
        const name = names[kill % names.length] ?? expect.unreachable()
        const [whenReady, endWhenBack] = [random.chance(0.5), random.chance(0.5)]
        const afterMs = random.below(name === 'connecting' || name === 'closing' ? 60 : 300)
        if (whenReady) await launched
        const end = await program.phases[name]?.()
        void program.send(producer)
        await delay(afterMs)
        await ownBroker.kill()
        moments.push(`${name}+${afterMs}${whenReady ? '' : ' (at once)'}`)
        await launched
        launched = launch(ownBroker, random)
        if (endWhenBack) await launched
        await end?.()
      }
      await launched
      await ownBroker.start()
      console.log(`no listener: seed ${SEED}: ${moments.join(', ')}; ${program.sends.length} sends`)
      await Promise.all(program.sends)

      await eventually(() => expect(lasting.health()).toMatchObject({ ready: true }), READY)
      await producer.send({ n: -1 })
      await eventually(() => expect(seen).toContain(-1))
      await lasting.close()
    },
    KILLS * 60_000 + 120_000,
  )
})
