import { setTimeout as delay } from 'node:timers/promises'
import { queueOf } from '../ledger/message.js'
import type { Stage } from '../stage.js'
import { type Fault, repeatedly } from './fault.js'

/** The longest run of a handler, so that most of them are running when the fault comes. */
const SLOW_MS = 500
/** Pause of each loop after a message, so that slow handlers keep up. */
const SEND_EVERY_MS = 1_000
const DROPS = 3
const BETWEEN_DROPS_MS = 500

/** Fault: several resets in a row, as in an unreliable network. */
export const quickDrops: Fault = {
  name: 'quick-drops',
  summary: 'three resets, half a second apart, under handlers that take up to half a second, 3 times (quick: 1)',
  scope: 'wire',
  atStart: true,
  client: () => ({ workMs: SLOW_MS, pauseMs: SEND_EVERY_MS }),
  strike: async (stage) => {
    stage.ledger.note('pace', 'before', String(await handledIn(stage, stage.span(4_000, 10_000))))
    await repeatedly(stage, 'quick-drops', stage.quick ? 1 : 3, async () => {
      for (let drop = 0; drop < DROPS; drop += 1) {
        // Each reset may cause messages to be handled again, so each counts as a fault.
        if (drop > 0) stage.strikes('quick-drops')
        for (const proxy of stage.proxies) proxy.reset()
        await delay(BETWEEN_DROPS_MS)
      }
    })
    stage.ledger.note('pace', 'after', String(await handledIn(stage, stage.span(4_000, 10_000))))
  },
}

/**
 * Counts how many handlers of `work` end in a while. Only a quorum queue counts redeliveries, so only its messages may
 * be handled alone.
 */
async function handledIn({ ledger }: Stage, ms: number): Promise<number> {
  const count = (): number => {
    const { messages } = ledger.read()
    return [...messages.values()].reduce((sum, { id, done }) => sum + (queueOf(id) === 'work' ? done : 0), 0)
  }
  const before = count()
  await delay(ms)
  return count() - before
}

/** Fault: a deployment while handlers are running that react to their signal. */
export const clientClosed: Fault = {
  name: 'client-closed',
  summary:
    'the client closes within 1.3 s at a random moment, under handlers that stop when their signal is aborted, 10 times (quick: 3); the next client continues',
  scope: 'vhost',
  atStart: true,
  client: () => HEEDING,
  strike: async (stage) => {
    await repeatedly(stage, 'client-closed', stage.quick ? 3 : 10, async () => {
      await delay(stage.random.below(1_000))
      await stage.client.ask({ do: 'close', timeoutMs: CLOSE_MS })
      await stage.client.end()
      await stage.startClient(HEEDING).ready()
    })
  },
}

/** How long a close may take. It aborts some of the handlers, which then have a second to react. */
const CLOSE_MS = 1_300
const HEEDING = { workMs: 1_500, heedsSignal: true, pauseMs: SEND_EVERY_MS }

/** Fault: resets of a worker that handles at most once. */
export const resetOnce: Fault = {
  name: 'reset-once',
  summary: "every connection is reset while a worker with acknowledge: 'none' handles, 20 times (quick: 5)",
  scope: 'wire',
  atStart: true,
  client: () => ({ worksOnce: true }),
  strike: async (stage) => {
    await repeatedly(stage, 'reset-once', stage.quick ? 5 : 20, async () => {
      await delay(stage.random.below(300))
      for (const proxy of stage.proxies) proxy.reset()
    })
  },
}

/** Fault: a delivery that is never settled. Memory must not grow with the deliveries acknowledged after it. */
export const stuckDelivery: Fault = {
  name: 'stuck-delivery',
  summary:
    'one handler does not end while 720,000 deliveries after it are acknowledged, as in an hour at 200 a second (quick: 30,000)',
  scope: 'vhost',
  atStart: true,
  // A set of that many numbers takes more than this.
  heapGrowthBytes: 8 * 2 ** 20,
  client: () => ({ pauseMs: SEND_EVERY_MS }),
  strike: async (stage) => {
    await repeatedly(stage, 'stuck-delivery', 1, async () => {
      await stage.client.ask({ do: 'churn', count: stage.span(30_000, 720_000) }, CHURN_PATIENCE_MS)
    })
  },
}

const CHURN_PATIENCE_MS = 1_200_000

/** Fault: two services share a dead-letter queue. */
export const sharedLetters: Fault = {
  name: 'shared-letters',
  summary:
    'two contracts share a dead-letter queue, and one replays its own letters while connections are reset, 10 times (quick: 3)',
  scope: 'wire',
  atStart: true,
  client: () => ({ sharesLetters: true }),
  strike: async (stage) => {
    const isDead = (letter: string): boolean =>
      [...stage.ledger.ledger.messages.values()].some(({ id, dead }) => dead > 0 && id.startsWith(letter))
    await stage.until(() => isDead('c') && isDead('w'), LETTERS_PATIENCE_MS)
    await repeatedly(stage, 'shared-letters', stage.quick ? 3 : 10, async () => {
      const replayed = stage.client.ask({ do: 'replay', queue: 'plain' })
      await delay(stage.random.below(200))
      for (const proxy of stage.proxies) proxy.reset()
      await replayed
    })
  },
}

const LETTERS_PATIENCE_MS = 30_000
