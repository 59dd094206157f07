import { expect } from 'vitest'
import { connect, Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'

const READY = { timeoutMs: 60_000 }

/** A classic queue is on one node of a cluster only. */
const lodger = workQueue('lodger', {
  payload: tasks.payload,
  queue: { type: 'classic' },
  deadLetter: false,
  retry: false,
})

test('a queue whose node is down is waited for, by sends within their time and by a worker that starts', async ({
  startBroker,
}) => {
  const broker = await startBroker({ nodes: 2 })
  const [near, home] = broker.nodes
  if (near === undefined || home === undefined) throw new Error('A cluster of two has two nodes.')
  const tenant = await connect(home.url)
  await new Producer(tenant, lodger).send({ n: 1 })
  await tenant.close()
  // Some brokers place a queue elsewhere than where it is declared.
  const { node } = await broker.management.queue('/', 'lodger')
  const [host, other] = node === home.name ? [home, near] : [near, home]
  await host.stop()

  await using rabbit = await connect(other.url, { publishTimeoutMs: 90_000, startupTimeoutMs: 90_000 })
  const producer = new Producer(rabbit, lodger)
  await expect(producer.send({ n: 2 }, { timeoutMs: 1_000 })).rejects.toMatchObject({
    outcome: 'not-sent',
    retryable: true,
    message: expect.stringMatching(
      /is (down or inaccessible|stopped by supervisor)\. The queue is available again when its node is$/,
    ),
  })
  const handled: number[] = []
  const worker = new Worker(rabbit, lodger, ({ n }) => void handled.push(n))
  await Promise.all([worker.start(), producer.send({ n: 3 }), host.start()])
  await eventually(() => expect(handled).toEqual([1, 3]), READY)
}, 180_000)
