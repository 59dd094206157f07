import { expect } from 'vitest'
import { z } from 'zod'
import {
  Producer,
  procedure,
  RpcClient,
  RpcServer,
  Subscriber,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { range } from '../support/journal.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises, warnings } from '../support/surprises.js'

forbidSurprises()

const DROPS = 3
const contracts = range(1, 150).map((n) => workQueue(`queue-${n}`, { payload: z.int() }))
const shop = topicExchange('shop', { 'order.#': z.int() })
const double = procedure('double', { request: z.int(), response: z.int() })

test('150 workers, 100 subscribers, 200 producers and 50 clients on one connection come back from each drop, all of them, without a warning', {
  timeout: 120_000,
}, async ({ connectTo, proxy, vhost }) => {
  const said = warnings()
  const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
  const handled = new Set<number>()
  const workers = contracts.map((contract) => new Worker(rabbit, contract, (n) => void handled.add(n)))
  const subscribers = range(1, 100).map(() => new Subscriber(rabbit, shop, () => undefined, { bindingKeys: ['#'] }))
  const server = new RpcServer(rabbit, double, (n) => 2 * n)
  await Promise.all([...workers, ...subscribers, server].map((role) => role.start()))
  const producers = [...contracts, ...contracts.slice(0, 50)].map((contract) => new Producer(rabbit, contract))
  const clients = range(1, 50).map(() => new RpcClient(rabbit, double))
  for (let drop = 0; drop <= DROPS; drop += 1) {
    if (drop > 0) proxy.reset()
    await Promise.all(producers.map((producer, index) => producer.send(1_000 * drop + index)))
    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true, state: 'ready' }), {
      timeoutMs: 30_000,
    })
    await eventually(() => expect(handled.size).toBe((drop + 1) * producers.length), { timeoutMs: 30_000 })
    const answers = await Promise.all(clients.map((client, index) => client.call(index)))
    expect(answers).toEqual(clients.map((_client, index) => 2 * index))
  }
  expect(rabbit.health().roles).toHaveLength(150 + 100 + 1 + 150 + 1)
  await rabbit.close()
  expect(said).toEqual([])
})
