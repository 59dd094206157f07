import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  DeadLetters,
  fanoutExchange,
  OptionsError,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  Subscriber,
  Worker,
  workQueue,
} from '../../src/index.js'
import { tasks, test } from '../support/support.js'

const events = fanoutExchange('events', { payload: z.string() })
const double = procedure('double', { request: z.int(), response: z.int() })

type Role = new (...given: never) => unknown

/** What each role is made with, and what makes that. */
const ROLES: Readonly<Record<string, readonly [role: Role, contract: unknown, maker: string]>> = {
  Producer: [Producer, tasks, 'workQueue()'],
  Worker: [Worker, tasks, 'workQueue()'],
  DeadLetters: [DeadLetters, tasks, 'workQueue()'],
  Publisher: [Publisher, events, 'topicExchange()'],
  Subscriber: [Subscriber, events, 'topicExchange()'],
  RpcClient: [RpcClient, double, 'procedure()'],
  RpcServer: [RpcServer, double, 'procedure()'],
}

/** Makes a role of whatever it is given, as a program without types does. */
function make(name: string, ...given: unknown[]): unknown {
  const [role = Object] = ROLES[name] ?? []
  return Reflect.construct(role, name === 'RpcClient' ? given.slice(0, 2) : given)
}

const handler = (): number => 1

class Handling {
  handle(): void {}
}

describe.for(Object.keys(ROLES))('%s', (role) => {
  const [, right, maker = ''] = ROLES[role] ?? []

  test('refuses a contract of another kind, and says which it expects', ({ rabbit }) => {
    const others = [tasks, events, double].filter((contract) => contract !== right)
    for (const contract of [undefined, null, 'tasks', {}, ...others]) {
      const making = (): unknown => make(role, rabbit, contract, handler)
      expect(making).toThrow(OptionsError)
      expect(making).toThrow(`${role}: the contract is `)
      expect(making).toThrow(maker)
    }
  })

  test('refuses what is no connection, such as one that is not awaited', ({ rabbit }) => {
    for (const connection of [undefined, null, 'amqp://localhost', {}, Promise.resolve(rabbit)]) {
      const making = (): unknown => make(role, connection, right, handler)
      expect(making).toThrow(OptionsError)
      expect(making).toThrow('expected the connection that connect() resolves with')
    }
  })
})

describe.for(['Worker', 'Subscriber', 'RpcServer'])('%s refuses a handler', (role) => {
  const [, contract] = ROLES[role] ?? []

  test.for<[what: string, handler: unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['an object', new Handling()],
    ['a text', 'handle'],
    ['a promise', Promise.resolve()],
    ['a class', Handling],
  ])('that is %s, and says what it expects', ([what, wrong], { rabbit }) => {
    const making = (): unknown => make(role, rabbit, contract, wrong)
    expect(making).toThrow(OptionsError)
    expect(making).toThrow(`${role}: the handler is ${what}: expected a function`)
    expect(rabbit.health().roles).toEqual([])
  })
})

describe('a contract', () => {
  test.for<[what: string, options: object, option: string]>([
    ['a schema without validate', { payload: { '~standard': { version: 1 } } }, 'payload'],
    ['a value that is no schema', { payload: { '~standard': 1 } }, 'payload'],
    ['a codec without methods', { payload: z.string(), codec: {} }, 'codec'],
    ['a codec without a content type', { payload: z.string(), codec: { encode: handler, decode: handler } }, 'codec'],
  ])('with %s is refused', ([_what, options, option]) => {
    expect(() => workQueue('tasks', options as never)).toThrow(OptionsError)
    expect(() => workQueue('tasks', options as never)).toThrow(`workQueue('tasks'): ${option}: expected a `)
    const { payload, ...others } = options as { payload: unknown }
    expect(() => procedure('p', { request: payload, response: payload, ...others } as never)).toThrow(OptionsError)
    expect(() => fanoutExchange('e', options as never)).toThrow(OptionsError)
  })
})

describe('options', () => {
  test('that throw when they are read are an OptionsError with that cause', ({ rabbit }) => {
    const cause = new Error('a trap')
    const trap = {
      get concurrency(): number {
        throw cause
      },
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(() => new Worker(rabbit, tasks, handler, trap)).toThrow(
      expect.objectContaining({ name: 'OptionsError', message: 'Worker: an option cannot be read: a trap', cause }),
    )
    expect(() => new Worker(rabbit, tasks, handler, proxy)).toThrow(OptionsError)
  })

  test('may be frozen, a proxy or an instance of a class, and are not changed', ({ rabbit }) => {
    const frozen = Object.freeze({
      batch: Object.freeze({ size: 2, waitMs: 1 }),
      breaker: Object.freeze({ minAttempts: 5 }),
    })
    for (const options of [frozen, new Proxy(frozen, {}), Object.assign(new Handling(), frozen)]) {
      new Worker(rabbit, tasks, handler, options)
    }
    expect(frozen).toEqual({ batch: { size: 2, waitMs: 1 }, breaker: { minAttempts: 5 } })
  })
})
