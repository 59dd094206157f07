import { setTimeout as delay } from 'node:timers/promises'
import type { FaultProxy } from '@leveret/testing'
import { eventually, test } from '@leveret/testing/vitest'
import {
  connect,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  Subscriber,
  stream,
  topicExchange,
  Worker,
  workQueue,
} from 'leveret'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { instrument } from '../src/index.js'
import { Spans } from './spans.js'

const payload = z.object({ n: z.int() })
const queue = workQueue('tasks', { payload, retry: { delaysMs: [1] } })
const batched = workQueue('batched', { payload, retry: { delaysMs: [1] } })
const manual = workQueue('manual', { payload, retry: { delaysMs: [1] } })
const shop = topicExchange('shop', { 'order.*': payload })
const history = stream('history', { of: shop, bindingKeys: ['#'] })
const echo = procedure('echo', { request: payload, response: payload })

/** `LEVERET_SPANS_SEED` makes a run again, `LEVERET_SPANS_FAULTS` makes it longer. */
const SEED = Number(process.env.LEVERET_SPANS_SEED ?? Date.now() % 1_000_000)
const FAULTS = Number(process.env.LEVERET_SPANS_FAULTS ?? 6)

/** Numbers below one that follow from a seed. @see https://en.wikipedia.org/wiki/Linear_congruential_generator */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

test(`every span that begins ends, over ${FAULTS} faults, sends given up and handlers that fail, hang and decide late (seed ${SEED})`, async ({
  vhost,
  proxy,
}) => {
  const spans = new Spans()
  onTestFinished(instrument())
  const next = numbers(SEED)
  const rabbit = await connect(proxy.urlFor(vhost.url), {
    publishTimeoutMs: 1_500,
    heartbeatMs: 1_000,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  })
  const misbehave = async (): Promise<void> => {
    const what = next()
    if (what < 0.2) throw new Error('no')
    if (what < 0.3) await delay(400)
    else if (what < 0.4) await new Promise<never>(() => undefined)
  }
  const settings = { handlerTimeoutMs: 200, concurrency: 10 }
  const roles = [
    new Worker(rabbit, queue, misbehave, settings),
    new Worker(rabbit, batched, misbehave, { ...settings, batch: { size: 5, waitMs: 5 } }),
    new Worker(
      rabbit,
      manual,
      async (_task, delivery) => {
        if (next() < 0.5) void delivery.ack()
        await misbehave()
      },
      { ...settings, acknowledge: 'manual' },
    ),
    new Subscriber(rabbit, shop, misbehave, { ...settings, bindingKeys: ['#'] }),
    new Subscriber(rabbit, history, misbehave, { ...settings, offset: 'first' }),
    new RpcServer(
      rabbit,
      echo,
      async (request) => {
        await misbehave()
        return request
      },
      settings,
    ),
  ]
  await Promise.all(roles.map((role) => role.start()))
  const senders = [queue, batched, manual].map((contract) => new Producer(rabbit, contract))
  const publisher = new Publisher(rabbit, shop)
  const client = new RpcClient(rabbit, echo, { timeoutMs: 1_000 })
  let isOver = false
  const load = async (): Promise<void> => {
    while (!isOver) {
      const signal = next() < 0.2 ? AbortSignal.timeout(Math.floor(next() * 20)) : undefined
      const n = Math.floor(next() * 1_000)
      const sends = [...senders.map((sender) => sender.send({ n }, { signal })), publisher.publish(`order.${n}`, { n })]
      await Promise.allSettled([...sends, client.call({ n }, { signal })])
      await delay(5)
    }
  }
  const loads = Array.from({ length: 10 }, load)
  for (let fault = 0; fault < FAULTS; fault += 1) await breakAndHeal(proxy, next)
  isOver = true
  await Promise.all(loads)
  await rabbit.close({ timeoutMs: 5_000 })
  expect(spans.balance.started).toBeGreaterThan(100)
  await eventually(() => expect([...spans.balance.open]).toEqual([]), { timeoutMs: 20_000 })
})

async function breakAndHeal(proxy: FaultProxy, next: () => number): Promise<void> {
  await delay(100 + next() * 300)
  if (next() < 0.5) proxy.reset()
  else {
    proxy.blackHole()
    await delay(next() * 1_000)
    proxy.heal()
    proxy.reset()
  }
}
