import { expect, test } from 'vitest'
import { z } from 'zod'
import { procedure } from '../../src/contract/procedures/procedure.js'
import { workQueue } from '../../src/contract/queues/work-queue.js'
import { delayQueue, queueDeclarationsOf } from '../../src/topology/declarations.js'
import { readMismatch } from '../../src/topology/mismatch.js'
import { policyOf } from '../../src/topology/queue-policy.js'

const payload = z.string()

// These arguments are a wire format. A change here is a 406 for every queue that exists: it needs a new major version.
test('the declared arguments are frozen', () => {
  expect(queueDeclarationsOf(workQueue('tasks', { payload }))).toEqual([
    {
      kind: 'queue',
      name: 'tasks.dead-letter',
      durable: true,
      part: 'dead-letter',
      arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish', 'x-delivery-limit': 2_147_483_647 },
    },
    {
      kind: 'queue',
      name: 'tasks',
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': 'tasks.dead-letter',
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
        'x-delivery-limit': 20,
      },
    },
  ])
  expect(queueDeclarationsOf(workQueue('tasks', { payload, queue: { type: 'classic' } }))[1]).toEqual({
    kind: 'queue',
    name: 'tasks',
    durable: true,
    arguments: {
      'x-queue-type': 'classic',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'tasks.dead-letter',
    },
  })
  expect(queueDeclarationsOf(procedure('fib', { request: payload, response: payload }).requests)).toEqual([
    { kind: 'queue', name: 'fib', durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 20 } },
  ])
  expect(delayQueue(workQueue('tasks', { payload }), 30_000)).toEqual({
    kind: 'queue',
    name: 'tasks.retry.30000',
    durable: true,
    part: 'delay',
    arguments: {
      'x-queue-type': 'quorum',
      'x-message-ttl': 30_000,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'tasks',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  })
})

test('nothing in retry changes the work queue, except native retry', () => {
  const withRetry = queueDeclarationsOf(workQueue('tasks', { payload, retry: { delaysMs: [1] } }))
  expect(withRetry).toEqual(queueDeclarationsOf(workQueue('tasks', { payload, retry: false })))
})

test('the declared arguments of native retry are frozen', () => {
  const contract = workQueue('tasks', { payload, retry: { native: { minMs: 500, maxMs: 60_000, attempts: 5 } } })
  expect(queueDeclarationsOf(contract)[1]).toEqual({
    kind: 'queue',
    name: 'tasks',
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'tasks.dead-letter',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-delivery-limit': 4,
      'x-delayed-retry-type': 'failed',
      'x-delayed-retry-min': 500,
      'x-delayed-retry-max': 60_000,
    },
    needs: expect.objectContaining({ since: '4.3', feature: 'retry.native' }),
  })
})

test('a policy can say native retry as well, and the broker must be new enough all the same', () => {
  const retry = { native: { minMs: 500, maxMs: 60_000, attempts: 5 } }
  const contract = workQueue('tasks', { payload, retry, queue: { settings: 'policy' } })
  expect(queueDeclarationsOf(contract)[1]).toMatchObject({
    arguments: { 'x-queue-type': 'quorum' },
    needs: { since: '4.3' },
  })
  expect(policyOf(contract).definition).toMatchObject({
    'delivery-limit': 4,
    'delayed-retry-type': 'failed',
    'delayed-retry-min': 500,
    'delayed-retry-max': 60_000,
  })
})

test('settings left to a policy are not declared, and are what the policy says', () => {
  const contract = workQueue('a.b', { payload, queue: { settings: 'policy', singleActive: true } })
  expect(queueDeclarationsOf(contract)[1]?.arguments).toEqual({
    'x-queue-type': 'quorum',
    'x-single-active-consumer': true,
  })
  expect(policyOf(contract)).toEqual({
    name: 'leveret.a.b',
    pattern: '^a\\.b$',
    'apply-to': 'queues',
    definition: {
      'dead-letter-exchange': '',
      'dead-letter-routing-key': 'a.b.dead-letter',
      'dead-letter-strategy': 'at-least-once',
      overflow: 'reject-publish',
      'delivery-limit': 20,
    },
  })
})

test('given arguments are declared exactly, and none is added', () => {
  const contract = workQueue('tasks', {
    payload,
    deadLetter: false,
    queue: { type: 'classic', arguments: { 'x-max-length': 9 } },
  })
  expect(queueDeclarationsOf(contract)).toEqual([
    { kind: 'queue', name: 'tasks', durable: true, arguments: { 'x-max-length': 9 } },
  ])
})

test.each([
  [
    "inequivalent arg 'x-delivery-limit' for queue 'tasks' in vhost '/': received the value '20' of type 'signedint' but current is the value '5' of type 'signedint'",
    { kind: 'queue', entity: 'tasks', argument: 'x-delivery-limit', wanted: '20', found: '5' },
  ],
  [
    "inequivalent arg 'x-queue-type' for queue 'it's' in vhost '/': received the value 'quorum' of type 'longstr' but current is none",
    { entity: "it's", argument: 'x-queue-type', wanted: 'quorum', found: 'none' },
  ],
  [
    "inequivalent arg 'durable' for queue 'q' in vhost 'v': received 'false' but current is 'true'",
    { argument: 'durable', wanted: 'false', found: 'true' },
  ],
  [
    "inequivalent arg 'type' for exchange 'e' in vhost 'v': received 'topic' but current is 'fanout'",
    { kind: 'exchange', entity: 'e' },
  ],
])('%s is read', (text, expected) => {
  expect(readMismatch(text)).toMatchObject(expected)
})

test('another sentence of the broker is no mismatch', () => {
  expect(readMismatch("no queue 'tasks' in vhost '/'")).toBeUndefined()
})
