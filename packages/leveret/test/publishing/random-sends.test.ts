import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as delay } from 'node:timers/promises'
import { type FaultProxy, type RabbitMQ, startFaultProxy } from '@leveret/testing'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { connect, Producer, procedure, RpcClient, RpcServer, text, workQueue } from '../../src/index.js'
import { clearAlarm, raiseAlarm } from '../support/alarm.js'
import { Random } from '../support/random.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'
import { breachesOf, Ledger, type Outcome } from './random-sends/ledger.js'

/** A short run in every suite; `LEVERET_RANDOM_RUNS=10` is the long one, `LEVERET_RANDOM_SEED` makes its first run again. */
const RUNS = Number(process.env.LEVERET_RANDOM_RUNS ?? 2)
const SEED = Number(process.env.LEVERET_RANDOM_SEED ?? Date.now() % 1_000_000)
const FAULTS = 12
const LONGEST_RUN_MS = 120_000

const kept = workQueue('kept', { payload: z.string(), codec: text, deadLetter: false, retry: false })
const echo = procedure('echo', { request: z.string(), response: z.string() })

interface Place {
  readonly broker: RabbitMQ
  readonly proxy: FaultProxy
  readonly random: Random
}

/** Does something to the line, or to the broker, and undoes it. */
async function strike({ broker, proxy, random }: Place): Promise<string> {
  const fault = random.pick(['reset', 'reset', 'end', 'freeze', 'slow', 'alarm'] as const)
  if (fault === 'reset') proxy.reset()
  else if (fault === 'end') proxy.end()
  else if (fault === 'freeze') {
    proxy.blackHole()
    await delay(random.below(3_000))
    proxy.heal()
  } else if (fault === 'slow') {
    proxy.latency(random.below(200))
    await delay(random.below(1_000))
    proxy.latency(0)
  } else {
    await raiseAlarm(broker)
    await delay(random.below(1_000))
    await clearAlarm(broker)
  }
  await delay(random.below(300))
  return fault
}

/** Counts how often each message was written. */
function watchWritten(connection: string, ledger: Ledger): void {
  for (const what of ['published', 'resent'] as const) {
    const listener = (message: unknown): void => {
      const { connection: name, messageId } = message as { connection: string; messageId: string }
      const entry = name === connection ? ledger.entries.get(messageId) : undefined
      if (entry !== undefined) entry.written += 1
    }
    subscribe(`leveret:${what}`, listener)
    onTestFinished(() => void unsubscribe(`leveret:${what}`, listener))
  }
}

/** Sends and calls in every way, until stopped. */
async function work(url: string, name: string, ledger: Ledger, random: Random, over: AbortSignal): Promise<void> {
  await using rabbit = await connect(url, { name, maxInFlight: 60, maxQueued: 200, heartbeatMs: 1_000 })
  let next = 0
  const producers = [new Producer(rabbit, kept), new Producer(rabbit, kept)]
  const client = new RpcClient(rabbit, echo)
  const send = async (producer: Producer<typeof kept>): Promise<void> => {
    const [messageId, timeoutMs] = [`s${next++}`, 200 + random.below(8_000)]
    const signal = random.chance(0.05) ? AbortSignal.timeout(random.below(500)) : undefined
    const options = { messageId, timeoutMs, signal, failFast: random.chance(0.05) }
    await ledger.follow(ledger.add(messageId, 'send'), timeoutMs, async (): Promise<Outcome> => {
      await producer.send(messageId.padEnd(random.below(2_000), '.'), options)
      return 'confirmed'
    })
  }
  const call = async (): Promise<void> => {
    const [messageId, timeoutMs] = [`c${next++}`, 200 + random.below(4_000)]
    const entry = ledger.add(messageId, 'call')
    await ledger.follow(entry, timeoutMs, async (): Promise<Outcome> => {
      entry.isWrong = (await client.call(messageId, { messageId, timeoutMs })) !== messageId
      return 'answered'
    })
  }
  const loop = async (act: () => Promise<void>): Promise<void> => {
    for (; !over.aborted; await delay(random.below(10))) await act()
  }
  await Promise.all([
    ...Array.from({ length: 40 }, (_, index) => loop(() => send(producers[index % 2] as (typeof producers)[0]))),
    ...Array.from({ length: 10 }, () => loop(call)),
  ])
}

/** Counts what is in the queue at the end. */
async function drain(url: string, ledger: Ledger): Promise<void> {
  await using other = await stranger(url)
  const { messageCount } = await other.channel.checkQueue('kept')
  let read = 0
  const count = (message: { properties: { messageId?: unknown } } | null): void => {
    read += 1
    const entry = ledger.entries.get(String(message?.properties.messageId))
    if (entry !== undefined) entry.stored += 1
  }
  await other.channel.consume('kept', count, { noAck: true })
  await eventually(() => expect(read).toBeGreaterThanOrEqual(messageCount), { timeoutMs: 30_000 })
}

test(
  `in ${RUNS} runs of sends and calls at random over resets, freezes and alarms, nothing is lost, falsely reported, late or double (seed ${SEED})`,
  async ({ ownBroker }) => {
    const lines: string[] = []
    const breaches: string[] = []
    for (let seed = SEED; seed < SEED + RUNS; seed += 1) {
      const random = new Random(seed)
      const ledger = new Ledger()
      const name = `chaos ${seed}`
      await using proxy = await startFaultProxy({ to: ownBroker.url })
      const serving = await connect(ownBroker.url)
      const server = new RpcServer(serving, echo, (request, { messageId = '' }) => {
        const entry = ledger.entries.get(messageId)
        if (entry !== undefined) entry.stored += 1
        return request
      })
      await server.start()
      watchWritten(name, ledger)
      const over = new AbortController()
      const working = work(proxy.url, name, ledger, random, over.signal)
      const faults: string[] = []
      for (let fault = 0; fault < FAULTS; fault += 1) faults.push(await strike({ broker: ownBroker, proxy, random }))
      over.abort()
      await working
      await serving.close()
      await drain(ownBroker.url, ledger)
      await ownBroker.management.deleteQueue('/', 'kept')
      const found = Object.entries(breachesOf(ledger))
      const counts = (['confirmed', 'not-sent', 'unknown', 'answered', 'failed'] as const).map(
        (outcome) => `${ledger.count(outcome)} ${outcome}`,
      )
      lines.push(
        `seed ${seed}: ${counts.join(', ')}; ${found.map(([what, of]) => `${of.length} ${what}`).join(', ')} (${faults.join(' ')})`,
      )
      breaches.push(
        ...found.flatMap(([what, of]) => of.map((entry) => `seed ${seed}: ${what}: ${JSON.stringify(entry)}`)),
      )
    }
    console.log([`random sends on ${ownBroker.version}:`, ...lines].join('\n'))
    expect(breaches).toEqual([])
  },
  RUNS * LONGEST_RUN_MS + 60_000,
)
