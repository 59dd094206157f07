import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../../src/index.js'
import { Random } from '../../support/random.js'
import type { SettlementName } from './entry.js'
import { Account, type Worked } from './model.js'
import { type Program, programOf } from './program.js'
import { breachesOf } from './rules.js'

const nothing = { isClosed: false, toldIncomplete: false }
const worked: Worked = { name: 'w1', acknowledge: 'on-return', concurrency: 1, handlerTimeoutMs: 5_000, ...nothing }

/** A plain program, changed where a test wants it so. */
function programWith(change: Partial<Program['queue']> = {}, acknowledge: 'on-return' | 'none' = 'on-return'): Program {
  const program = programOf(1, new Random(1), { hasNativeRetry: false, isOurs: false })
  const plain = { singleActive: false, maxPriority: undefined, retry: 'delays', keepsLetters: true } as const
  const [first] = program.workers
  const worker = {
    ...first,
    acknowledge,
    concurrency: 1,
    batch: undefined,
    isOrdered: false,
    store: undefined,
    breaker: false,
  }
  return {
    ...program,
    ids: 'foreign',
    queue: { ...program.queue, ...plain, ...change },
    workers: [worker],
    interceptors: [],
    steps: [],
  }
}

/** An account of messages 0, 1 and 2, which are confirmed. */
class Book extends Account {
  constructor() {
    super(['m0', 'm1', 'm2'])
    for (const entry of this.entries.values()) entry.published = 1
  }

  /** A delivery is read, handled if that is wanted, and its end reported. */
  deliver(
    n: number,
    end: SettlementName,
    handles: 'does it' | 'stops' | 'never begins' = 'does it',
    by = worked,
  ): this {
    const delivery = { messageId: `m${n}`, attempt: 1 } as Delivery
    this.decoded(n)
    if (handles !== 'never begins') {
      const { end: ended } = this.begin(by, [n], [delivery])
      if (handles === 'does it') this.done(delivery)
      ended('ends')
    }
    this.settled(by, end, { messageId: `m${n}`, attempt: 1 })
    return this
  }
}

function breaches(book: Account, program = programWith(), brokerWasKilled = false): string[] {
  return breachesOf(book, { program, brokerWasKilled }).map((breach) => breach.replace(/^\d+ ms: /, ''))
}

/** All but the message 0 are handled. */
function rest(): Book {
  return new Book().deliver(1, 'acked').deliver(2, 'acked')
}

describe('a run of workers breaches', () => {
  test('nothing when each message was handled, has waited, or is a dead letter as reported', () => {
    const book = new Book().deliver(0, 'retried', 'stops').deliver(0, 'acked').deliver(1, 'dead-lettered', 'stops')
    book.found('m1', 'run.dead-letter')
    book.found('m2', 'run')
    expect(breaches(book)).toEqual([])
  })

  test('by a message that is nowhere, though a later attempt was reported', () => {
    expect(breaches(rest().deliver(0, 'stale', 'never begins'))).toEqual(['m0 is lost: 1 were sent, 0 found'])
  })

  test('not by one that was acknowledged before its handler, on a channel that was lost then', () => {
    const none = { ...worked, acknowledge: 'none' }
    const book = rest().deliver(0, 'stale', 'never begins', none)
    expect(breaches(book, programWith({}, 'none'))).toEqual([])
  })

  test('by a message that was read without an event', () => {
    const book = rest().deliver(0, 'acked')
    book.decoded(0)
    expect(breaches(book)).toEqual(['m0 was read 2 times, and its end was reported 1 times'])
  })

  test('by a message whose end was reported twice', () => {
    const book = rest().deliver(0, 'acked')
    book.settled(worked, 'stale', { messageId: 'm0', attempt: 1 })
    expect(breaches(book)).toEqual(['m0 was read 1 times, and its end was reported 2 times'])
  })

  test.for<SettlementName>(['acked', 'skipped'])('by one that was %s and had not been handled', (name) => {
    const program = { ...programWith(), ids: 'own' } as const
    const said = name === 'acked' ? 'was acked more often than it was handled' : 'was skipped, and had not been handled'
    expect(breaches(rest().deliver(0, name, 'stops'), program)).toEqual([`m0 ${said}`])
  })

  test("by one of another program's that was taken for one that is done", () => {
    const book = rest().deliver(0, 'acked').deliver(0, 'skipped', 'never begins')
    expect(breaches(book)).toEqual(['m0 was skipped'])
    expect(breaches(book, { ...programWith(), ids: 'own' })).toEqual([])
  })

  test('by a message that was reported as a dead letter, but is not one', () => {
    const book = rest().deliver(0, 'dead-lettered', 'stops')
    book.found('m0', 'run')
    expect(breaches(book)).toEqual(['m0 was reported as a dead letter, but is not one'])
  })

  test('by dead letters without an event', () => {
    const book = rest()
    book.found('m0', 'run.dead-letter')
    expect(breaches(book)).toEqual(['m0 is a dead letter 1 times, reported 0 times'])
  })

  test('by one that is dropped although dead letters are kept', () => {
    const book = rest().deliver(0, 'dropped', 'stops')
    expect(breaches(book)).toEqual(['m0 was dropped'])
    expect(breaches(book, programWith({ keepsLetters: false }))).toEqual([])
  })

  test('by one that was handled twice where at most once was promised, unless the broker was killed', () => {
    const book = rest().deliver(0, 'acked').deliver(0, 'acked')
    expect(breaches(book)).toEqual([])
    expect(breaches(book, programWith({}, 'none'))).toEqual(['m0 was handled 2 times, and at most once was promised'])
    expect(breaches(book, programWith({}, 'none'), true)).toEqual([])
  })

  test('by such a one where a store had a copy stored before the ack only as often as there may be such copies', () => {
    const { workers, ...program } = programWith({}, 'none')
    const asking: Program = { ...program, workers: [{ ...workers[0], store: 'quick' }] }
    const book = rest().deliver(0, 'postponed', 'never begins').deliver(0, 'acked').deliver(0, 'acked')
    expect(breaches(book, asking)).toEqual([])
    book.deliver(0, 'acked')
    expect(breaches(book, asking)).toEqual(['m0 was handled 3 times, and at most once was promised'])
  })

  test('by one that came first after one that was sent later, where order is kept', () => {
    const book = new Book().deliver(1, 'acked').deliver(0, 'acked').deliver(2, 'acked')
    const single = { singleActive: true }
    expect(breaches(book, programWith(single))).toEqual(['m0 came first after m1, which was sent later'])
    expect(breaches(book, programWith({ ...single, maxPriority: 3 }))).toEqual([])
    expect(breaches(book)).toEqual([])
  })

  test('by such a one on a quorum queue only where each worker has room for what the one before gave back', () => {
    const book = new Book().deliver(1, 'acked').deliver(0, 'acked').deliver(2, 'acked')
    const kept = (type: 'classic' | 'quorum', prefetch: number): readonly string[] => {
      const { workers, ...program } = programWith({ singleActive: true, type })
      const [first] = workers
      return breaches(book, {
        ...program,
        workers: [
          { ...first, prefetch: 8 },
          { ...first, prefetch },
        ],
      })
    }
    expect(kept('quorum', 8)).toHaveLength(1)
    expect(kept('classic', 16)).toHaveLength(1)
    expect(kept('quorum', 16)).toEqual([])
  })

  test('by more handlers at once than the concurrency, and by one that begins when its worker has closed', () => {
    const book = rest()
    const delivery = { messageId: 'm0', attempt: 1 } as Delivery
    book.begin(worked, [0], [delivery])
    book.begin(worked, [0], [delivery])
    expect(book.breaches).toEqual([expect.stringContaining('w1 runs 2 handlers at a concurrency of 1')])
    book.begin({ ...worked, name: 'w2', isClosed: true }, [0], [delivery])
    expect(book.breaches.at(-1)).toContain('w2 has closed, and its handler began with m0')
  })
})
