import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import type { Declaration, QueueDeclaration } from '../../src/amqp/declaration.js'
import { workQueue } from '../../src/contract/queues/work-queue.js'
import type { Headers } from '../../src/message/message.js'
import { queueDeclarationsOf } from '../../src/topology/declarations.js'
import { delayedSendingOf, delayRoute, MAX_SEND_DELAY_MS } from '../../src/topology/delay-levels.js'
import { Random } from '../support/random.js'

const SEED = Number(process.env.LEVERET_SEED ?? 11)
const contract = workQueue('tasks', { payload: z.string() })

/** What RabbitMQ would do with a message on the declared exchanges and queues: every queue that it waits in, in order. */
function passedBy(headers: Headers, from: string, declared: readonly Declaration[]): QueueDeclaration[] {
  const passed: QueueDeclaration[] = []
  for (let exchange = from; exchange !== ''; ) {
    const taken = declared.find((one) => one.kind === 'binding' && one.source === exchange && isFor(one, headers))
    if (taken?.kind !== 'binding') exchange = alternateOf(exchange, declared)
    else if (taken.to === 'exchange') exchange = taken.destination
    else {
      const queue = declared.find((one) => one.kind === 'queue' && one.name === taken.destination)
      if (queue?.kind !== 'queue') break
      passed.push(queue)
      exchange = String(queue.arguments['x-dead-letter-exchange'] ?? '')
    }
  }
  return passed
}

function isFor({ arguments: { 'x-match': _all, ...wanted } }: Declaration, headers: Headers): boolean {
  return Object.entries(wanted).every(([name, value]) => headers[name] === value)
}

function alternateOf(exchange: string, declared: readonly Declaration[]): string {
  const found = declared.find((one) => one.kind === 'exchange' && one.name === exchange)
  return String(found?.arguments['alternate-exchange'] ?? '')
}

function waits(delayMs: number): number[] {
  const { exchange, headers, levels } = delayRoute('tasks', delayMs)
  const passed = passedBy(headers, exchange, delayedSendingOf(contract, levels))
  expect(passed.at(-1)?.name).toBe('tasks.delayed')
  return passed.map((queue) => Number(queue.arguments['x-message-ttl']))
}

describe(`the levels (seed ${SEED})`, () => {
  const random = new Random(SEED)
  const wishes = Array.from({ length: 300 }, () => 1 + random.below(2 ** (1 + random.below(35))))
  const all = [1, 249, 250, 251, 1_000, 86_400_000, MAX_SEND_DELAY_MS].concat(
    wishes.filter((wish) => wish <= MAX_SEND_DELAY_MS),
  )

  test('add up to what was asked for, and less than a quarter of a second more', () => {
    for (const wish of all) {
      const total = waits(wish).reduce((sum, ms) => sum + ms, 0)
      expect(total - wish, `${wish} ms`).toBeGreaterThanOrEqual(0)
      expect(total - wish, `${wish} ms`).toBeLessThan(250)
    }
  })

  test('are each passed once, the longest first', () => {
    for (const wish of all) {
      const passed = waits(wish)
      expect(passed, `${wish} ms`).toEqual([...new Set(passed)].sort((a, b) => b - a))
    }
  })

  test('exist as far as they are needed: a delay of seconds makes no queue that waits for months', () => {
    for (const wish of all) {
      const { levels } = delayRoute('tasks', wish)
      const declared = delayedSendingOf(contract, levels).flatMap((one) => ('name' in one ? [one.name] : []))
      const longest = Math.max(...declared.map((name) => Number(/^leveret\.delay\.(\d+)$/.exec(name)?.[1] ?? 0)))
      expect(longest, `${wish} ms`).toBeLessThanOrEqual(Math.max(wish + 250, 250))
      expect(longest * 2, `${wish} ms`).toBeGreaterThanOrEqual(wish)
    }
  })
})

test('a level whose queue is gone is not left out: nothing comes early', () => {
  const { exchange, headers, levels } = delayRoute('tasks', 1_750)
  const all = delayedSendingOf(contract, levels)
  const declared = all.filter((one) => !(one.kind === 'binding' ? one.destination : one.name).endsWith('.500'))
  const left = declared.concat(all.filter((one) => one.kind === 'exchange' && one.name.endsWith('.500')))
  expect(passedBy(headers, exchange, left).map(({ name }) => name)).toEqual(['leveret.delay.1000'])
})

test('what has waited and finds its arrival queue gone is kept', () => {
  const { exchange, headers, levels } = delayRoute('elsewhere', 250)
  const passed = passedBy(headers, exchange, delayedSendingOf(contract, levels))
  expect(passed.map(({ name }) => name)).toEqual(['leveret.delay.250', 'leveret.delay.lost'])
})

// These names and arguments are a wire format, which all contracts and versions in a vhost share.
test('the declared arguments are frozen', () => {
  const { exchange, headers, levels } = delayRoute('tasks', 600)
  expect({ exchange, headers, levels }).toEqual({
    exchange: 'leveret.delay.500',
    headers: { 'leveret-delay-250': true, 'leveret-delay-500': true, 'leveret-delay-to': 'tasks.delayed' },
    levels: 2,
  })
  const exchangeOf = (name: string, type: string, alternate?: string): unknown => ({
    kind: 'exchange',
    name,
    type,
    durable: true,
    autoDelete: false,
    internal: false,
    arguments: alternate === undefined ? {} : { 'alternate-exchange': alternate },
  })
  const queueOf = (name: string, ttl: number, to: string): unknown => ({
    kind: 'queue',
    part: 'delay',
    name,
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-message-ttl': ttl,
      'x-dead-letter-exchange': to,
    },
  })
  const bindingOf = (source: string, destination: string, args: unknown, to = 'queue'): unknown => ({
    kind: 'binding',
    source,
    to,
    destination,
    bindingKey: '',
    arguments: args,
  })
  expect(delayedSendingOf(contract, levels)).toEqual([
    ...queueDeclarationsOf(contract),
    exchangeOf('leveret.delay.lost', 'fanout'),
    {
      kind: 'queue',
      part: 'delay',
      name: 'leveret.delay.lost',
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' },
    },
    bindingOf('leveret.delay.lost', 'leveret.delay.lost', {}),
    exchangeOf('leveret.delay.arrived', 'headers', 'leveret.delay.lost'),
    exchangeOf('leveret.delay.250', 'headers'),
    queueOf('leveret.delay.250', 250, 'leveret.delay.arrived'),
    bindingOf('leveret.delay.250', 'leveret.delay.250', { 'x-match': 'all', 'leveret-delay-250': true }),
    bindingOf(
      'leveret.delay.250',
      'leveret.delay.arrived',
      { 'x-match': 'all', 'leveret-delay-250': false },
      'exchange',
    ),
    exchangeOf('leveret.delay.500', 'headers'),
    queueOf('leveret.delay.500', 500, 'leveret.delay.250'),
    bindingOf('leveret.delay.500', 'leveret.delay.500', { 'x-match': 'all', 'leveret-delay-500': true }),
    bindingOf('leveret.delay.500', 'leveret.delay.250', { 'x-match': 'all', 'leveret-delay-500': false }, 'exchange'),
    queueOf('tasks.delayed', 0, ''),
    bindingOf('leveret.delay.arrived', 'tasks.delayed', { 'x-match': 'all', 'leveret-delay-to': 'tasks.delayed' }),
  ])
})

test('the same contract and number of levels give the same list, so it is declared once', () => {
  expect(delayedSendingOf(contract, 5)).toBe(delayedSendingOf(contract, 5))
})

test('what a sender declares is another list after a minute, so that it is declared again', () => {
  const now = vi.spyOn(performance, 'now')
  onTestFinished(() => now.mockRestore())
  const contract = workQueue('later', { payload: z.string() })
  now.mockReturnValue(1_000)
  const first = delayedSendingOf(contract, 2)
  now.mockReturnValue(60_999)
  expect(delayedSendingOf(contract, 2)).toBe(first)
  now.mockReturnValue(61_000)
  const next = delayedSendingOf(contract, 2)
  expect(next).not.toBe(first)
  expect(next).toEqual(first)
})
