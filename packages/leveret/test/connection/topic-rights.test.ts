import type { RabbitMQ } from '@leveret/testing'
import { expect } from 'vitest'
import { z } from 'zod'
import { type Connection, Producer, Publisher, Subscriber, topicExchange } from '../../src/index.js'
import { eventually, fieldsOf, tasks, test } from '../support/support.js'

const exchange = topicExchange('events', { '#': z.object({ n: z.int() }) })
const PASSWORD = 'S3cr3t-topics'
const MANY = 19

/** Lets a user write only these keys to the exchange. It must exist. */
async function permitKeys(broker: RabbitMQ, vhost: string, user: string, write: string): Promise<void> {
  const { origin, username, password } = new URL(broker.managementUrl)
  const authorization = `Basic ${Buffer.from(`${username || 'guest'}:${password || 'guest'}`).toString('base64')}`
  const answer = await fetch(`${origin}/api/topic-permissions/${encodeURIComponent(vhost)}/${user}`, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ exchange: exchange.name, write, read: '.*' }),
  })
  expect(answer.ok).toBe(true)
}

interface Stage {
  readonly rabbit: Connection
  readonly handled: number[]
  readonly publisher: Publisher<typeof exchange>
}

const stageTest = test.extend<{ stage: Stage }>({
  stage: async ({ broker, rabbit, vhost, createUser, connectTo }, use) => {
    const handled: number[] = []
    const listener = new Subscriber(rabbit, exchange, ({ payload }) => void handled.push(payload.n), {
      bindingKeys: ['#'],
    })
    await listener.start()
    const username = await createUser('topics', PASSWORD)
    await permitKeys(broker, vhost.name, username, '^allowed')
    const limited = await connectTo({}, { ...fieldsOf(vhost.url), username, password: PASSWORD })
    await use({ rabbit: limited, handled, publisher: new Publisher(limited, exchange) })
  },
})

const REFUSED = { name: 'PublishError', outcome: 'refused', retryable: false }

stageTest.for<readonly [what: string, key: string]>([
  ['plain', 'secret.key'],
  ['with quotes', "it's"],
  ['that reads like the broker naming an exchange', "x' in exchange 'events' in vhost '/"],
  ['of other letters, cut short in what the broker says', 'ü'.repeat(120)],
])(
  `a routing key, %s, that may not be written to is refused, and none of ${MANY} other events is`,
  async ([, key], { stage: { handled, publisher } }) => {
    await publisher.publish('allowed.first', { n: 0 })
    const bad = Promise.allSettled([publisher.publish(key, { n: -1 })])
    const good = Array.from({ length: MANY }, (_, n) => publisher.publish(`allowed.${n}`, { n: n + 1 }))
    expect((await Promise.allSettled(good)).filter(({ status }) => status === 'rejected')).toEqual([])
    expect(await bad).toMatchObject([{ status: 'rejected', reason: REFUSED }])
    await eventually(() => expect(new Set(handled).size).toBe(MANY + 1))
  },
)

stageTest(
  'two forbidden keys that begin alike are both refused, and the allowed event beside them is not',
  async ({ stage: { rabbit, publisher } }) => {
    await publisher.publish('allowed.first', { n: 0 })
    const long = 'z'.repeat(250)
    const sent = [`${long}1`, 'allowed.second', `${long}2`].map((key) => publisher.publish(key, { n: 1 }))
    const task = new Producer(rabbit, tasks).send({ n: 1 })
    expect(await Promise.allSettled(sent)).toMatchObject([
      { status: 'rejected', reason: REFUSED },
      { status: 'fulfilled' },
      { status: 'rejected', reason: REFUSED },
    ])
    await task
  },
)
