import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { fairness } from '../src/fairness/fairness.js'
import { growth } from '../src/growth/growth.js'
import { latency } from '../src/latency/latency.js'
import { lowRateDeliveries, lowRateSends } from '../src/latency/low-rates.js'
import { validation } from '../src/validation/validation.js'
import { casesFor, compare } from '../src/work/compare.js'
import { consume } from '../src/work/consume.js'
import { fanout } from '../src/work/fanout.js'
import { note } from '../src/work/payload.js'
import { publish } from '../src/work/publish.js'
import { deadLetter, retry } from '../src/work/retry.js'
import { rpc } from '../src/work/rpc.js'
import { sendAll } from '../src/work/send-all.js'
import type { Contender } from '../src/work/work.js'

const PAIR = ['amqplib', 'leveret']
const TRIO = ['amqplib', 'amqplib + zod', 'leveret']
const RPC = ['amqplib noDelay', 'amqplib noDelay + zod', 'leveret']
const ALL = [...TRIO, 'amqp-connection-manager', 'rabbitmq-client', '@cloudamqp/amqp-client', 'rascal']
const effort = { quick: true, rounds: 1, messages: 5 }

/** The clients that a table has rows of, in their order. */
const clientsIn = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line) => [...ALL, ...RPC.slice(0, 2)].filter((client) => line.split(/ {2,}/).includes(client)))

test.for([
  { name: 'publish', workload: publish, clients: ['amqplib', 'amqplib noDelay', ...ALL.slice(1)] },
  { name: 'consume', workload: consume, clients: ALL },
  { name: 'rpc', workload: rpc, clients: RPC },
  { name: 'fanout', workload: fanout, clients: TRIO },
  { name: 'sends at a low rate', workload: lowRateSends, clients: TRIO },
  { name: 'deliveries at a low rate', workload: lowRateDeliveries, clients: TRIO },
  { name: 'retry', workload: retry, clients: ['leveret'] },
  { name: 'dead letters', workload: deadLetter, clients: ['leveret'] },
  { name: 'send-all', workload: sendAll, clients: PAIR },
])('$name: each client does the work', async ({ workload, clients }, { broker }) => {
  const [first] = workload.cases
  if (first === undefined) throw new Error('There is no case.')
  const table = await compare({ ...workload, cases: [{ ...first, headline: true }] }, broker, effort)
  expect(clientsIn(table)).toEqual(clients)
})

test('latency: each client delivers each message', async ({ broker }) => {
  expect(clientsIn(await latency(broker, effort))).toEqual(ALL)
})

test('validation: has a row for each library in each client', async ({ broker }) => {
  const text = await validation(broker, effort)
  const schemas = ['none', 'zod', 'valibot', 'arktype', 'arktype, dropping keys']
  const rows = text.split('\n').map((line) => line.trim().split(/ {2,}/).slice(0, 2).join(' '))
  expect(rows.slice(3)).toEqual(PAIR.flatMap((client) => schemas.map((schema) => `${client} ${schema}`)))
})

test('fairness: has a row for each of ten producers', async ({ broker }) => {
  expect((await fairness(broker, effort)).match(/^ {2}(\d+ loops|sendAll of a million) +[1-9]/gm)).toHaveLength(10)
})

test('growth: has a row for each of its questions', async ({ broker }) => {
  expect(await growth(broker, effort)).toMatch(/publish and consume +5 .*sendAll +5 .*awaited +5 .*roles +5 /s)
})

test('a client that leaves work undone is no contender: its figures are not shown', async ({ broker }) => {
  const idle: Contender = {
    client: 'idle',
    open: async () => ({
      run: async (watch) => {
        watch.start()
        watch.stop()
      },
      close: async () => undefined,
    }),
  }
  const workload = { ...publish, contenders: [publish.contenders[0], idle], peers: [] } as const
  await expect(compare(workload, broker, effort)).rejects.toThrow('idle left 0 messages in classic-200-1, not 5.')
})

const cases = [
  { queue: 'classic', payload: note(200), atOnce: 1, messages: 100, headline: true },
  { queue: 'quorum', payload: note(200), atOnce: 2, messages: 100 },
  { queue: 'quorum', payload: note(200), atOnce: 1, messages: 100, headline: true },
] as const

test('a quick look takes the headlines only, with a tenth of their messages', () => {
  const full = { quick: false, rounds: 1, messages: undefined }
  const countsOf = (of: Parameters<typeof casesFor>[1]) => casesFor({ cases }, of).map(({ messages }) => messages)
  expect([countsOf(full), countsOf({ ...full, quick: true })]).toEqual([[100, 100, 100], [10]])
  expect(countsOf({ ...full, queue: 'quorum', quick: true })).toEqual([10])
  expect(countsOf({ ...full, queue: 'quorum', messages: 7 })).toEqual([7, 7])
})

test('every target is beside a client that takes part in its case', () => {
  for (const { cases, contenders, title } of [publish, consume, rpc, fanout]) {
    for (const one of cases) {
      const taking = contenders.filter(({ takesPart }) => takesPart?.(one) ?? true).map(({ client }) => client)
      const beside = one.targets?.flatMap(({ beside }) => beside ?? []) ?? []
      expect(taking, title).toEqual(expect.arrayContaining(beside))
    }
  }
})
