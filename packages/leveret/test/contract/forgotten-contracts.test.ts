import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type Connection,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { queueDeclarationsOf } from '../../src/topology/declarations.js'
import { exchangeDeclarationsOf } from '../../src/topology/exchange-declarations.js'
import { eventually, test } from '../support/support.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const TIMES = 20
const payload = z.object({ n: z.int() })

/** Uses a contract that is made for this one use. @returns what is made of it, as long as somebody needs it */
type Use = (rabbit: Connection) => Promise<object>

const USES: readonly (readonly [what: string, use: Use])[] = [
  [
    'sent a task',
    async (rabbit) => {
      const contract = workQueue('tasks', { payload })
      await using producer = new Producer(rabbit, contract)
      await producer.send({ n: 1 })
      return queueDeclarationsOf(contract)
    },
  ],
  [
    'published an event',
    async (rabbit) => {
      const contract = topicExchange('events', { 'task.done': payload })
      await using publisher = new Publisher(rabbit, contract)
      await publisher.publish('task.done', { n: 1 })
      return exchangeDeclarationsOf(contract)
    },
  ],
  [
    'worked for a moment',
    async (rabbit) => {
      const contract = workQueue('work', { payload })
      const worker = new Worker(rabbit, contract, () => undefined)
      await worker.start()
      await worker.close()
      return queueDeclarationsOf(contract)
    },
  ],
  [
    'made a call',
    async (rabbit) => {
      const contract = procedure('double', { request: payload, response: payload })
      const server = new RpcServer(rabbit, contract, ({ n }) => ({ n: 2 * n }))
      await server.start()
      const client = new RpcClient(rabbit, contract)
      await client.call({ n: 1 })
      await client.close()
      await server.close()
      return contract
    },
  ],
]

describe('nothing of a contract that is made in a function is kept by a connection, after that function', () => {
  test.for(USES)('has %s', async ([_what, use], { rabbit }) => {
    const made: WeakRef<object>[] = []
    for (let n = 0; n < TIMES; n += 1) made.push(new WeakRef(await use(rabbit)))
    await eventually(async () => {
      await new Promise(setImmediate)
      collect()
      // The last one may still be unsettled.
      expect(made.filter((one) => one.deref() !== undefined).length).toBeLessThan(TIMES / 4)
    })
  })
})
