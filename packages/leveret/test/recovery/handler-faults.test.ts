import { describe, expect } from 'vitest'
import { DeadLetters, Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const fail = (): never => {
  throw new Error('a trap')
}

/** Nothing can be learned of it: whatever is asked, it throws. */
function untouchable(target: object): object {
  const traps = ['get', 'has', 'getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor', 'isExtensible'] as const
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, fail])))
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const hostile = {
  get name() {
    return fail()
  },
  get message() {
    return fail()
  },
  toString: fail,
  [Symbol.toPrimitive]: fail,
}

/** What handlers throw, and what is then said of it. */
const THROWN: readonly (readonly [what: string, thrown: unknown, said: string])[] = [
  ['a string', 'no text', 'NonError: the handler threw no text'],
  ['undefined', undefined, 'NonError: the handler threw undefined'],
  ['null', null, 'NonError: the handler threw object'],
  ['a number', 42, 'NonError: the handler threw number'],
  ['a symbol', Symbol('s'), 'NonError: the handler threw symbol'],
  ['a frozen object', Object.freeze({ code: 1 }), 'NonError: the handler threw object'],
  ['a frozen error', Object.freeze(new TypeError('ice')), 'TypeError: ice'],
  ['an object whose getters throw', hostile, 'NonError: the handler threw object'],
  [
    'an error whose getters throw',
    Object.defineProperties(new Error('x'), { message: { get: fail } }),
    'NonError: the handler threw object',
  ],
  ['an error whose stack throws', Object.defineProperty(new Error('deep'), 'stack', { get: fail }), 'Error: deep'],
  ['a proxy whose traps throw', untouchable({}), 'NonError: the handler threw object'],
  ['a proxy of an error whose traps throw', untouchable(new Error('x')), 'NonError: the handler threw object'],
  ['a revoked proxy', revoked(), 'NonError: the handler threw object'],
]

const throwing = (thrown: unknown) => (): never => {
  throw thrown
}

/** A promise of its own making, as a library from before promises returns it. */
const thenable = (then: (resolve: () => void, reject: (reason: unknown) => void) => void): unknown => ({ then })

describe('a handler', () => {
  test.for([
    ...THROWN.map(([what, thrown, said]) => [`throws ${what}`, throwing(thrown), said] as const),
    [
      'rejects with a proxy whose traps throw',
      () => Promise.reject(untouchable({})),
      'NonError: the handler threw object',
    ],
    [
      'returns a thenable that rejects',
      () => thenable((_resolve, reject) => reject(new Error('later'))),
      'Error: later',
    ],
    ['returns a thenable that throws', () => thenable(throwing(new RangeError('then'))), 'RangeError: then'],
    ['returns a proxy whose traps throw', () => untouchable({}), 'Error: a trap'],
  ] as const)(
    'that %s has failed like any other, and the next task is handled',
    async ([_what, handle, said], { rabbit }) => {
      const failing = workQueue('failing', {
        payload: tasks.payload,
        retry: { delaysMs: [50] },
        deadLetter: { stack: true },
      })
      const attempts: number[] = []
      const ended: unknown[] = []
      const worker = new Worker(
        rabbit,
        failing,
        ({ n }, { attempt }) => {
          attempts.push(attempt)
          return n === 1 ? handle() : undefined
        },
        { concurrency: 1 },
      )
      worker.on('delivery.stuck', ({ error }) => ended.push(error))
      worker.on('delivery.retried', ({ failure }) => ended.push(`${failure.name}: ${failure.message}`))
      worker.on('delivery.dead-lettered', ({ failure }) => ended.push(`${failure.name}: ${failure.message}`))
      worker.on('delivery.acked', () => ended.push('acked'))
      await worker.start()
      const producer = new Producer(rabbit, failing)
      const { messageId } = await producer.send({ n: 1 })
      await eventually(() => expect(ended).toEqual([said, said]))
      await producer.send({ n: 2 })
      await eventually(() => expect(ended).toEqual([said, said, 'acked']))
      expect(attempts).toEqual([1, 2, 1])
      const [letter] = await new DeadLetters(rabbit, failing).peek()
      expect(letter).toMatchObject({ messageId, reason: 'attempts-exhausted', attempts: 2 })
      expect(`${letter?.error?.name}: ${letter?.error?.message}`).toBe(said)
    },
  )
})
