import type { RabbitMQ } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Connection, connect, Producer, Publisher, topicExchange, Worker } from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const READY = { timeoutMs: 60_000 }
const LONG = { timeout: 120_000 }
const news = topicExchange('news', { 'news.*': z.object({ n: z.int() }) })

/** What RabbitMQ keeps in memory of its metadata. Without it, it finds no exchange, no right and no user. */
const TABLES = '[rabbit_exchange, rabbit_user_permission]'

/** For so long the broker has lost sight of its metadata, as when its disk is full; 0 is a moment, until it has restarted its store. */
async function loseMetadata(broker: RabbitMQ, ms: number): Promise<void> {
  await broker.ctl('eval', (await hasKhepri(broker)) ? khepriAway(ms) : mnesiaAway(ms))
}

async function hasKhepri(broker: RabbitMQ): Promise<boolean> {
  return (await broker.ctl('eval', 'whereis(rabbitmq_metadata) =/= undefined.')).includes('true')
}

function khepriAway(ms: number): string {
  if (ms === 0) return 'exit(whereis(rabbitmq_metadata), kill).'
  return `begin khepri_cluster:stop(rabbitmq_metadata), timer:sleep(${ms}), rabbit_khepri:setup() end.`
}

function mnesiaAway(ms: number): string {
  return `begin
    Saved = [{Table, ets:tab2list(Table)} || Table <- ${TABLES}],
    [ets:delete_all_objects(Table) || Table <- ${TABLES}],
    timer:sleep(${Math.max(ms, 50)}),
    [ets:insert(Table, Rows) || {Table, Rows} <- Saved] end.`
}

/** Sends tasks and events, one after the other, until stopped, or until one of them fails. */
class Load {
  readonly failures: unknown[] = []
  sent = 0
  settled = 0
  #going = true
  readonly #loops: Promise<void>[]

  constructor(rabbit: Connection) {
    const producer = new Producer(rabbit, tasks)
    const publisher = new Publisher(rabbit, news)
    const one = [
      () => producer.send({ n: this.sent }, { timeoutMs: 120_000 }),
      () => publisher.publish('news.local', { n: this.sent }, { timeoutMs: 120_000 }),
    ]
    this.#loops = Array.from({ length: 10 }, (_, n) => this.#loop(one[n % 2] ?? expect.unreachable()))
  }

  async #loop(send: () => Promise<unknown>): Promise<void> {
    while (this.#going && this.failures.length === 0) {
      this.sent += 1
      await send().catch((error: unknown) => this.failures.push(error))
      this.settled += 1
    }
  }

  /** Resolves when so many more have settled, or one has failed. */
  async goesOn(): Promise<void> {
    const before = this.settled
    await eventually(() => expect(this.settled > before + 100 || this.failures.length > 0).toBe(true), READY)
  }

  async stop(): Promise<void> {
    this.#going = false
    await Promise.all(this.#loops)
  }
}

describe('a broker that has lost sight of its metadata, for moments and for three seconds,', () => {
  test('refuses no role for good: messages in flight are sent again', LONG, async ({ ownBroker }) => {
    await using rabbit = await connect(ownBroker.url)
    const seen = new Set<number>()
    await new Worker(rabbit, tasks, ({ n }) => void seen.add(n), { prefetch: 100 }).start()
    const load = new Load(rabbit)
    for (const ms of [0, 0, 3_000]) {
      await load.goesOn()
      await loseMetadata(ownBroker, ms)
    }
    await load.goesOn()
    await load.stop()
    expect(load.failures).toEqual([])
    await new Producer(rabbit, tasks).send({ n: -1 }, { timeoutMs: 60_000 })
    await eventually(() => expect(seen.has(-1)).toBe(true), READY)
  })
})
