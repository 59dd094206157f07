import { setTimeout as delay } from 'node:timers/promises'
import type { FaultProxy, RabbitMQ } from '@leveret/testing'
import { expect, vi } from 'vitest'
import { Channel } from '../../../src/amqp/channel.js'
import { newMessageId } from '../../../src/message/message-id.js'
import { clearAlarm, raiseAlarm } from '../../support/alarm.js'
import { eventually } from '../../support/support.js'
import { Account } from './model.js'
import { Outsider } from './outsider.js'
import type { Program, Step, WorkerPlan } from './program.js'
import { breachesOf } from './rules.js'
import type { Seat } from './seat.js'
import { BURSTS, Sending } from './sending.js'
import { Stage } from './stage.js'

/** How one run went. */
export interface Run {
  readonly program: Program
  readonly account: Account
  readonly breaches: readonly string[]
  readonly tookMs: number
}

/** Where a run takes place. */
export interface Place {
  readonly broker: RabbitMQ
  readonly vhost: { readonly url: string; queues(): Promise<readonly { readonly name: string }[]> }
  /** Of this run only, both. */
  readonly proxy: FaultProxy
  readonly queue: string
  channelOf(queue: string): Channel | undefined
}

/** Everything that waits comes within this, even what an attempt that is gone has leased. */
const DRAINED_MS = 60_000
/** Longer than two heartbeats of those who have one each second. */
const BLOCKED_MS = 2_500

/** Notes the channels on which the workers of this process consume, until `vi.restoreAllMocks()`. */
export function watchChannels(): (queue: string) => Channel | undefined {
  const consumed = vi.spyOn(Channel.prototype, 'consume')
  return (queue) => consumed.mock.contexts[consumed.mock.calls.findLastIndex(([name]) => name === queue)] as Channel
}

/** Does as the program says, and accounts for every message. */
export async function perform(program: Program, place: Place): Promise<Run> {
  const { vhost, proxy, queue } = place
  const sinceMs = performance.now()
  const ids = program.ways.map((_way, n) => idOf(n, program))
  const account = new Account(ids)
  const outsider = new Outsider(vhost.url, queue, () => vhost.queues())
  const stage = new Stage({ program, account, url: vhost.url, proxy, queue })
  await act(stage, ids, outsider, place)
  await calmDown(stage, outsider)
  await checkHealth(stage)
  await Promise.all(stage.open.map((seat) => seat.close(5_000)))
  // What was given up at a close is reported when its handler ends, or its time is up.
  await eventually(() => expect(account.untold).toEqual([])).catch(() => undefined)
  for (const seat of stage.seats) seat.check()
  for (const what of stage.unresolved) account.breach(`${what} never resolved`)
  await stage.end()
  await outsider.drain((id, name) => account.found(id, name))
  const brokerWasKilled = program.steps.some((step) => step.do === 'kill the broker')
  return {
    program,
    account,
    breaches: breachesOf(account, { program, brokerWasKilled }),
    tookMs: performance.now() - sinceMs,
  }
}

function idOf(n: number, { ids }: Program): string {
  if (ids === 'own') return newMessageId()
  return `message-${ids === 'repeated' ? Math.floor(n / 2) : n}`
}

/** Sends, and takes the steps meanwhile. */
async function act(stage: Stage, ids: readonly string[], outsider: Outsider, place: Place): Promise<void> {
  const { program, account } = stage.options
  await using sending = await Sending.open(stage, ids, outsider)
  await sending.send(1)
  for (const plan of program.workers) await stage.start(plan)
  const acts = actsOf(stage, outsider, place)
  for (const [index, step] of program.steps.entries()) {
    const burst = sending.send(Math.min(index + 2, BURSTS))
    await delay(step.afterMs)
    // What is not confirmed yet would be sent again afterwards.
    if (step.do === 'restart the broker' || step.do === 'kill the broker') await burst
    account.step(step.do)
    await acts[step.do](step)
    await burst
  }
  await sending.send(BURSTS)
}

type Acts = Record<Step['do'], (step: Step) => Promise<unknown> | unknown>

function actsOf(stage: Stage, outsider: Outsider, { broker, proxy, queue, channelOf }: Place): Acts {
  const seatOf = ({ worker }: Step): Seat | undefined => stage.open.at(-1 - (worker % Math.max(stage.open.length, 1)))
  return {
    pause: (step) => stage.waitFor(seatOf(step)?.worker.pause(), 'a pause'),
    resume: (step) => stage.waitFor(seatOf(step)?.worker.resume(), 'a resume'),
    reset: () => proxy.reset(),
    end: () => proxy.end(),
    'black hole': async () => {
      proxy.blackHole()
      await delay(150)
      proxy.heal()
    },
    'slow line': async () => {
      proxy.latency(30)
      await delay(300)
      proxy.latency(0)
    },
    cut: (step) => proxy.cutAfterMoreServerBytes(step.bytes),
    'block the event loop': () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS),
    'kill a channel': () =>
      void channelOf(queue)
        ?.checkQueue('there-is-none')
        .catch(() => undefined),
    'delete the queue': async () => {
      stage.options.account.destroyed()
      await outsider.deleteQueue()
    },
    start: async () => {
      const { workers } = stage.options.program
      if (stage.open.length < 2) await stage.start(workers[stage.seats.length % workers.length] ?? workers[0])
    },
    close: (step) => void seatOf(step)?.close(step.timeoutMs),
    'close the connection': (step) => void seatOf(step)?.closeConnection(step.timeoutMs),
    'restart the broker': async () => await broker.restart(),
    'kill the broker': async () => {
      // RabbitMQ 3.10 writes down which queues it has half a second later.
      if (broker.driver !== 'memory') await broker.ctl('eval', '[dets:sync(Table) || Table <- dets:all()].')
      await broker.kill()
      await broker.start()
    },
    alarm: async () => {
      await raiseAlarm(broker)
      await clearAlarm(broker)
    },
  }
}

/** Nothing is done to it any more: whatever waits is to come to its end. */
async function calmDown(stage: Stage, outsider: Outsider): Promise<void> {
  const { account, program } = stage.options
  account.step('all is to be well from now on')
  stage.calm.abort()
  if (program.endsBy === 'a clean worker') await Promise.all(stage.open.map((seat) => seat.close(2_000)))
  for (const { worker } of stage.open) stage.waitFor(worker.resume(), 'a resume')
  const drained = async (): Promise<void> => {
    // A handler may have closed the only one.
    if (stage.open.length === 0) await stage.start(cleanPlan(program.workers), true)
    const waiting = await outsider.countWaiting()
    const untold = program.queue.retry === 'native' ? (await outsider.countLetters()) - account.lettersTold : 0
    const { open } = account
    if (waiting === 0 && open.length <= untold) return
    throw new Error(
      `${open.length} are open (${open.slice(0, 5).join(', ')}), ${waiting} wait, ${account.running.size} run`,
    )
  }
  await eventually(drained, { timeoutMs: DRAINED_MS, intervalMs: 150 }).catch((error: Error) => {
    const health = stage.open.map(({ connection }) => JSON.stringify(connection.health()))
    account.breach(`not all came to its end: ${error.message}; ${health.join(' ')}`)
  })
}

/** In order, and one at a time, where all others were so, and with as many places. */
function cleanPlan(workers: Program['workers']): WorkerPlan {
  const [{ acknowledge, isOrdered }] = workers
  const concurrency = workers.every((worker) => worker.concurrency === 1) ? 1 : 10
  const prefetch = Math.max(concurrency, ...workers.map((worker) => worker.prefetch))
  const plain = {
    batch: undefined,
    isOrdered,
    store: undefined,
    isolation: true,
    breaker: false,
    connects: true,
  }
  return { ...plain, acknowledge, concurrency, prefetch, handlerTimeoutMs: 5_000 }
}

/** Nothing is unsettled, and nothing has been forgotten. */
async function checkHealth(stage: Stage): Promise<void> {
  const look = (): void => {
    for (const { connection } of stage.open) {
      const wrong = connection
        .health()
        .roles.find(
          ({ role, ready, inFlight, hung, heldUp }) =>
            role === 'worker' && !(ready && inFlight === 0 && hung === 0 && heldUp === 0),
        )
      if (wrong !== undefined) throw new Error(JSON.stringify(wrong))
    }
  }
  await eventually(look, { timeoutMs: 10_000 }).catch((error: Error) =>
    stage.options.account.breach(`the health at the end: ${error.message}`),
  )
}
