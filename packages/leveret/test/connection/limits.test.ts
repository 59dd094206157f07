import type { RabbitMQ } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { connect, DeadLetters, fanoutExchange, Producer, Subscriber, Worker, workQueue } from '../../src/index.js'
import { eventually, fieldsOf, firstEvent, tasks, test } from '../support/support.js'

const PASSWORD = 'S3cr3t-limited'
const HASTY = { startupTimeoutMs: 3_000 }
const more = workQueue('more', { payload: tasks.payload, deadLetter: false })

type Limit = 'max-connections' | 'max-channels' | 'max-queues'

/** Sets a limit of a user or of a vhost. */
async function limit(
  { managementUrl }: RabbitMQ,
  of: `${'user' | 'vhost'}-limits/${string}`,
  name: Limit,
  value: number,
) {
  const { origin, username, password } = new URL(managementUrl)
  const response = await fetch(`${origin}/api/${of}/${name}`, {
    method: 'PUT',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ value }),
  })
  expect(response.ok).toBe(true)
}

/** Whether the broker knows `connection_max`, which older ones ignore. */
function limitsNode({ version }: RabbitMQ): boolean {
  return version.localeCompare('4.0', 'en', { numeric: true }) >= 0
}

describe('an error names the limit, and what to do, when there is no room for another connection', () => {
  test('of the user', async ({ broker, connectTo, createUser, vhost }) => {
    const username = await createUser('lim', PASSWORD)
    const login = { ...fieldsOf(vhost.url), username, password: PASSWORD }
    await limit(broker, `user-limits/${username}`, 'max-connections', 1)
    const first = await connectTo({}, login)
    await eventually(async () => expect(await vhost.connections()).toHaveLength(1))
    const refused = { reason: 'limit', retryable: true, message: expect.stringMatching(/limit \(1\).*set_user_limits/) }
    await expect(connect(login, HASTY)).rejects.toMatchObject(refused)
    // A worker needs a second one.
    const failed = firstEvent(first, 'connect-failed')
    const starting = new Worker(first, tasks, () => undefined).start()
    expect(await failed).toMatchObject({ reason: refused })
    expect(first.health()).toMatchObject({ ready: false, why: expect.stringContaining('set_user_limits') })
    await limit(broker, `user-limits/${username}`, 'max-connections', 10)
    await starting
  })

  test('of the vhost', async ({ broker, rabbit, vhost }) => {
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(async () => expect(await vhost.connections()).toHaveLength(1))
    await limit(broker, `vhost-limits/${vhost.name}`, 'max-connections', 1)
    await expect(connect(vhost.url, HASTY)).rejects.toMatchObject({
      reason: 'limit',
      message: expect.stringMatching(/limit \(1\).*set_vhost_limits/),
    })
  })

  test('of the node', async ({ startBroker, broker, skip }) => {
    if (!limitsNode(broker)) skip(`RabbitMQ ${broker.version} does not know connection_max`)
    const own = await startBroker({ config: ['connection_max = 1'] })
    await using _first = await connect(own.url)
    await expect(connect(own.url, HASTY)).rejects.toMatchObject({
      reason: 'limit',
      message: expect.stringMatching(/limit \(1\).*connection_max/),
    })
  })
})

test('an error names the limit, and what to do, at once when there is no room for another queue of the vhost', async ({
  broker,
  rabbit,
  vhost,
}) => {
  await new Producer(rabbit, tasks).send({ n: 1 })
  await limit(broker, `vhost-limits/${vhost.name}`, 'max-queues', (await broker.management.queues(vhost.name)).length)
  const refused = { name: 'BrokerError', message: expect.stringMatching(/queue limit.*reached.*set_vhost_limits/) }
  await expect(new Producer(rabbit, more).send({ n: 1 })).rejects.toMatchObject(refused)
  await expect(new Worker(rabbit, more, () => undefined).start()).rejects.toMatchObject(refused)
  const events = fanoutExchange('events', { payload: tasks.payload })
  await expect(new Subscriber(rabbit, events, () => undefined).start()).rejects.toMatchObject(refused)
  expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringContaining('set_vhost_limits') })
})

test('the error after one channel too many names the limit and the next step', async ({
  broker,
  connectTo,
  createUser,
  vhost,
}) => {
  const username = await createUser('lim', PASSWORD)
  const rabbit = await connectTo({}, { ...fieldsOf(vhost.url), username, password: PASSWORD })
  await new Producer(rabbit, tasks).send({ n: 1 })
  await new Worker(rabbit, tasks, () => undefined).start()
  const named = expect.stringMatching(/has reached .*limit.*set_user_limits/)
  await limit(broker, `user-limits/${username}`, 'max-channels', 1)
  const lost = firstEvent(rabbit, 'disconnected')
  const another = new Worker(rabbit, more, () => undefined)
  const failed = new Promise((resolve) => another.on('consume-failed', resolve))
  const starting = another.start()
  expect(await lost).toMatchObject({ reason: { name: 'BrokerError', message: named } })
  expect(await failed).toMatchObject({ reason: { message: named } })
  await expect(new DeadLetters(rabbit, tasks).count()).rejects.toMatchObject({ message: named })
  await limit(broker, `user-limits/${username}`, 'max-channels', 100)
  await starting
})
