import { eventually, test } from '@leveret/testing/vitest'
import { expect } from 'vitest'

test('three nodes form a cluster that outlives the death of one', { timeout: 180_000 }, async ({ startBroker }) => {
  const broker = await startBroker({ nodes: 3 })
  const { management } = broker
  expect(new Set(broker.urls).size).toBe(3)
  expect(broker.nodes.map(({ name }) => name)).toEqual((await management.nodes()).map(({ name }) => name))

  await management.declareQueue('/', 'safe', { 'x-queue-type': 'quorum' })
  await eventually(async () => expect((await management.queue('/', 'safe')).online).toHaveLength(3))
  await management.publish('/', { routingKey: 'safe', payload: 'still here' })

  // The first node is the one the management client asks first, too.
  await broker.nodes[0]?.kill()
  const taken = await eventually(() => management.get('/', 'safe'), { timeoutMs: 30_000 })
  expect(taken).toMatchObject([{ payload: 'still here' }])

  await broker.nodes[0]?.start()
  await eventually(async () => expect((await management.nodes()).every(({ running }) => running)).toBe(true))
})
