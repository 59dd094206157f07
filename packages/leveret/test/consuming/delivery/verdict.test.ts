import { describe, expect, test } from 'vitest'
import { Reject, Retry, UnknownMessage } from '../../../src/consuming/delivery/handler-errors.js'
import { judge, judgeUnread, type RetryRules } from '../../../src/consuming/delivery/verdict.js'
import { describeFailure } from '../../../src/errors/failure.js'
import { OptionsError } from '../../../src/errors/options-error.js'
import { PayloadError } from '../../../src/errors/payload-error.js'

const rules: RetryRules = { retry: { delaysMs: [10, 20] }, onInvalid: 'dead-letter' }
const invalid = new PayloadError('incoming', 'tasks', [{ path: [], message: 'bad' }])

describe('a failed attempt', () => {
  test('is made again after the delay of its number', () => {
    expect(judge(new Error('x'), 1, rules)).toMatchObject({ do: 'retry', afterMs: 10 })
    expect(judge(new Error('x'), 2, rules)).toMatchObject({ do: 'retry', afterMs: 20 })
  })

  test('is the last when no delay is left, or none was ever there', () => {
    expect(judge(new Error('x'), 3, rules)).toMatchObject({ do: 'dead-letter', reason: 'attempts-exhausted' })
    expect(judge(new Error('x'), 1, { ...rules, retry: false })).toMatchObject({
      do: 'dead-letter',
      reason: 'attempts-exhausted',
    })
    expect(judge(new Error('x'), 999_999, rules)).toMatchObject({ do: 'dead-letter' })
  })

  test.each([[undefined], ['text'], [{ a: 1 }], [null], [Symbol('s')]])('may throw anything: %s', (thrown) => {
    expect(judge(thrown, 1, rules)).toMatchObject({ do: 'retry', failure: { name: 'NonError' } })
  })

  test('may throw what throws itself when it is looked at', () => {
    const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
    revoke()
    const failure = { name: 'NonError', message: 'the handler threw object' }
    expect(judge(proxy, 1, rules)).toMatchObject({ do: 'retry', failure })
    expect(judge(proxy, 3, rules)).toMatchObject({ do: 'dead-letter', reason: 'attempts-exhausted', failure })
  })

  test('may throw an error whose message is no text', () => {
    const thrown = Object.assign(new Error('x'), { message: { status: 500 }, name: 7 })
    expect(judge(thrown, 1, rules)).toMatchObject({ failure: { name: 'a number', message: 'a object' } })
  })
})

test('Reject and an invalid payload are not tried again', () => {
  expect(judge(new Reject('no'), 1, rules)).toMatchObject({
    do: 'dead-letter',
    reason: 'rejected',
    failure: { message: 'no' },
  })
  expect(judgeUnread(invalid, 1, rules)).toMatchObject({ do: 'dead-letter', reason: 'invalid-payload' })
})

test("with onInvalid: 'retry' an invalid payload is tried again, and says what it was after the last attempt", () => {
  const lenient: RetryRules = { ...rules, onInvalid: 'retry' }
  expect(judgeUnread(invalid, 1, lenient)).toMatchObject({ do: 'retry', afterMs: 10 })
  expect(judgeUnread(invalid, 3, lenient)).toMatchObject({ do: 'dead-letter', reason: 'invalid-payload' })
  expect(judgeUnread(invalid, 1, { ...lenient, retry: false })).toMatchObject({ reason: 'invalid-payload' })
  expect(judge(new Error('x'), 3, lenient)).toMatchObject({ reason: 'attempts-exhausted' })
})

test('a payload that a handler could not send, or got from elsewhere, is a failed attempt like any other', () => {
  for (const direction of ['outgoing', 'incoming'] as const) {
    const elsewhere = new PayloadError(direction, 'elsewhere', [{ path: [], message: 'bad' }])
    expect(judge(elsewhere, 1, rules)).toMatchObject({ do: 'retry' })
    expect(judge(elsewhere, 3, rules)).toMatchObject({ do: 'dead-letter', reason: 'attempts-exhausted' })
  }
})

test('an unknown message is tried again, given up at once or ignored, as its policy says', () => {
  const unknown = (policy: 'retry' | 'dead-letter' | 'ignore'): UnknownMessage => new UnknownMessage('x', policy)
  expect(judgeUnread(unknown('retry'), 1, rules)).toMatchObject({ do: 'retry', afterMs: 10 })
  expect(judgeUnread(unknown('retry'), 3, rules)).toMatchObject({ do: 'dead-letter', reason: 'unknown-message' })
  expect(judgeUnread(unknown('dead-letter'), 1, rules)).toMatchObject({ do: 'dead-letter', reason: 'unknown-message' })
  expect(judgeUnread(unknown('ignore'), 1, rules)).toEqual({ do: 'ignore' })
})

test('Retry chooses the first step of the ladder that is not shorter, within the attempts', () => {
  expect(judge(new Retry({ afterMs: 1_500 }), 1, rules)).toMatchObject({ do: 'retry', afterMs: 2_000 })
  expect(judge(new Retry({ afterMs: 0 }), 1, rules)).toMatchObject({ afterMs: 1_000 })
  expect(judge(new Retry({ afterMs: 1_500 }), 3, rules)).toMatchObject({ do: 'dead-letter' })
  for (const afterMs of [-1, Number.NaN, 86_400_001]) expect(() => new Retry({ afterMs })).toThrow(OptionsError)
})

describe('a forged Retry', () => {
  const forged = (afterMs: unknown): unknown => Object.assign(Object.create(Retry.prototype), { afterMs })

  test('gets a delay that has a queue: a step of the ladder', () => {
    for (const [wish, step] of [
      [0, 1_000],
      [1_234, 2_000],
      [86_400_000, 86_400_000],
    ]) {
      expect(judge(forged(wish), 1, rules)).toMatchObject({ do: 'retry', afterMs: step })
    }
    expect(judge(Object.assign(new Retry({ afterMs: 0 }), { afterMs: 1_234 }), 1, rules)).toMatchObject({
      afterMs: 2_000,
    })
  })

  test.for([undefined, null, '5', -1, 1e12, Number.NaN, Number.POSITIVE_INFINITY, 5n, {}])(
    'with an invalid delay (%s) is a failed attempt like any other',
    (afterMs) => {
      expect(judge(forged(afterMs), 2, rules)).toMatchObject({ do: 'retry', afterMs: 20 })
    },
  )

  test('whose delay throws when it is read is one too', () => {
    const trap = Object.defineProperty(Object.create(Retry.prototype), 'afterMs', {
      get: () => {
        throw new Error('a trap')
      },
    })
    expect(judge(trap, 2, rules)).toMatchObject({ do: 'retry', afterMs: 20 })
  })
})

describe('with native retry', () => {
  const native: RetryRules = { ...rules, retry: { native: { minMs: 100, maxMs: 250, attempts: 4 } } }

  test('a failed attempt goes back to its queue, for as long as RabbitMQ will hold it back', () => {
    expect(judge(new Error('x'), 1, native)).toMatchObject({ do: 'hold-back', afterMs: 100 })
    expect(judge(new Error('x'), 2, native)).toMatchObject({ do: 'hold-back', afterMs: 200 })
    expect(judge(new Error('x'), 3, native)).toMatchObject({ do: 'hold-back', afterMs: 250 })
  })

  test('the last attempt is a dead letter with its reason', () => {
    expect(judge(new Error('x'), 4, native)).toMatchObject({ do: 'dead-letter', reason: 'attempts-exhausted' })
    expect(judge(new Error('x'), 5, native)).toMatchObject({ do: 'dead-letter' })
    expect(judgeUnread(invalid, 4, { ...native, onInvalid: 'retry' })).toMatchObject({ reason: 'invalid-payload' })
  })

  test('Reject and an invalid payload are not tried again', () => {
    expect(judge(new Reject('no'), 1, native)).toMatchObject({ do: 'dead-letter', reason: 'rejected' })
    expect(judgeUnread(invalid, 1, native)).toMatchObject({ do: 'dead-letter', reason: 'invalid-payload' })
    expect(judgeUnread(invalid, 1, { ...native, onInvalid: 'retry' })).toMatchObject({ do: 'hold-back', afterMs: 100 })
  })

  test('Retry cannot choose its delay, and says which one it gets', () => {
    expect(judge(new Retry({ afterMs: 60_000 }), 2, native)).toMatchObject({ do: 'hold-back', afterMs: 200 })
    expect(judge(new Retry({ afterMs: 60_000 }), 4, native)).toMatchObject({ do: 'dead-letter' })
  })
})

test('a failure has its stack, and no log shows it', () => {
  const failure = describeFailure(new TypeError('x'))
  expect(failure.stack).toMatch(/^TypeError: x\n {4}at /)
  expect(JSON.stringify(failure)).toBe('{"name":"TypeError","message":"x"}')
  expect(describeFailure(Object.assign(new Error('x'), { stack: 7 })).stack).toBeUndefined()
  expect(describeFailure('x').stack).toBeUndefined()
})
