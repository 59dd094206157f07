import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  application,
  type Connection,
  DeadLetters,
  declare,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  Subscriber,
  subscription,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { MARK } from '../support/no-secrets.js'
import { eventually, fieldsOf, test } from '../support/support.js'
import { textOf } from './documents.js'

const payload = z.object({ n: z.int() })
const tasks = workQueue('tasks', { payload, retry: { delaysMs: [50] } })
const shop = topicExchange('shop', { 'order.*': payload })
const billing = subscription('billing', { of: shop, bindingKeys: ['order.*'], retry: { delaysMs: [50] } })
const double = procedure('double', { request: payload, response: z.int() })

/** What a service of each role does with the rights of its row, beside a program that may do everything. */
const DOINGS: Readonly<Record<string, (service: Connection, others: Connection) => Promise<void>>> = {
  '`Producer` of `tasks`': async (service) => void (await new Producer(service, tasks).send({ n: 1 })),
  '`Producer` of `tasks`, with `delayMs`': async (service, others) => {
    await new Producer(service, tasks).send({ n: 1 }, { delayMs: 250 })
    const handled: unknown[] = []
    await new Worker(others, tasks, (task) => void handled.push(task)).start()
    await eventually(() => expect(handled).toHaveLength(1))
  },
  '`Worker` of `tasks`, `DeadLetters` of `tasks`': async (service, others) => {
    let attempts = 0
    const worker = new Worker(service, tasks, () => {
      attempts += 1
      if (attempts <= 2) throw new Error('it fails twice')
    })
    await worker.start()
    await new Producer(others, tasks).send({ n: 1 })
    const letters = new DeadLetters(service, tasks)
    await eventually(async () => expect(await letters.count()).toBe(1))
    expect(await letters.peek()).toMatchObject([{ reason: 'attempts-exhausted' }])
    expect(await letters.replay()).toMatchObject({ replayed: 1 })
    await eventually(() => expect(attempts).toBe(3))
  },
  '`Publisher` of `shop`': async (service) => {
    expect(await new Publisher(service, shop).publish('order.created', { n: 1 })).toBeDefined()
  },
  '`Subscriber` of `billing` on `shop`': async (service, others) => {
    let attempts = 0
    const subscriber = new Subscriber(service, billing, () => {
      attempts += 1
      throw new Error('it always fails')
    })
    await subscriber.start()
    await new Publisher(others, shop).publish('order.created', { n: 1 })
    const letters = new DeadLetters(others, billing)
    await eventually(async () => expect(await letters.peek()).toMatchObject([{ reason: 'attempts-exhausted' }]))
    expect(attempts).toBe(2)
  },
  '`Subscriber` of the exchange `shop` alone': async (service, others) => {
    const seen: unknown[] = []
    await new Subscriber(service, shop, (event) => void seen.push(event), { bindingKeys: ['order.*'] }).start()
    await new Publisher(others, shop).publish('order.created', { n: 1 })
    await eventually(() => expect(seen).toHaveLength(1))
  },
  '`RpcServer` of `double`': async (service, others) => {
    await new RpcServer(service, double, ({ n }) => 2 * n).start()
    expect(await new RpcClient(others, double).call({ n: 4 })).toBe(8)
  },
  '`RpcClient` of `double`': async (service, others) => {
    await new RpcServer(others, double, ({ n }) => 2 * n).start()
    expect(await new RpcClient(service, double).call({ n: 4 })).toBe(8)
  },
}

const everything = application({
  name: 'all',
  version: '1',
  works: [tasks],
  publishes: [shop],
  subscribes: [billing],
  answers: [double],
})

/** The rows of a table of rights in docs/deployment.md: a role, and what it may configure, write and read. */
function rowsOf(mark: string): [role: string, configure: string, write: string, read: string][] {
  const [, table = ''] = textOf('docs/deployment.md').split(`<!-- ${mark} -->\n`)
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(2)
  return rows.map((row) => {
    const [role = '', ...rights] = row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim())
    const [configure = '', write = '', read = ''] = rights.map((right) => right.slice(1, -1).replaceAll('\\|', '|'))
    return [role, configure, write, read]
  })
}

describe.for([
  ['rights', 'declare'],
  ['rights with check', 'check'],
] as const)('the %s that docs/deployment.md names', ([mark, topology]) => {
  const rows = rowsOf(mark)

  test('are said of each role', () => {
    const roles = Object.keys(DOINGS)
    // What a delay needs is declared when it is first asked for, by a role that has the right.
    expect(rows.map(([role]) => role)).toEqual(
      topology === 'declare' ? roles : roles.filter((role) => !role.includes('delayMs')),
    )
  })

  test.for(rows)(
    'are enough for a %s',
    async ([role, configure, write, read], { vhost, rabbit, createUser, connectTo }) => {
      if (topology === 'check') await declare(rabbit, everything)
      const password = `${MARK}-modest`
      const username = await createUser('modest', password, { configure, write, read })
      const service = await connectTo({ topology }, { ...fieldsOf(vhost.url), username, password })
      await DOINGS[role]?.(service, rabbit)
    },
  )
})
