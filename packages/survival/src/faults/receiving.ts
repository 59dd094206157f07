import { setTimeout as delay } from 'node:timers/promises'
import { queueOf } from '../ledger/message.js'
import type { Stage } from '../stage.js'
import { type Fault, repeatedly } from './fault.js'

/** Handlers take up to this long, so that most of them run when something happens. */
const SLOW_MS = 500
/** Each loop, so that slow handlers keep up with what is sent. */
const SEND_EVERY_MS = 1_000
const DROPS = 3
const BETWEEN_DROPS_MS = 500

/** As a flaky network does it. */
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
        // What is handled once more is so for each of them.
        if (drop > 0) stage.strikes('quick-drops')
        for (const proxy of stage.proxies) proxy.reset()
        await delay(BETWEEN_DROPS_MS)
      }
    })
    stage.ledger.note('pace', 'after', String(await handledIn(stage, stage.span(4_000, 10_000))))
  },
}

/** How often handlers of `work` end in a while: only a quorum queue counts what comes back, so only there one may be handled alone. */
async function handledIn({ ledger }: Stage, ms: number): Promise<number> {
  const count = (): number => {
    const { messages } = ledger.read()
    return [...messages.values()].reduce((sum, { id, done }) => sum + (queueOf(id) === 'work' ? done : 0), 0)
  }
  const before = count()
  await delay(ms)
  return count() - before
}

/** A deploy while handlers run that notice it. */
export const clientClosed: Fault = {
  name: 'client-closed',
  summary:
    'the client closes within 1.3 s at a random moment, under handlers that stop when their signal is aborted, 10 times (quick: 3); the next one goes on',
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

/** Long enough that a close within this time aborts some of them, which has a second to notice. */
const CLOSE_MS = 1_300
const HEEDING = { workMs: 1_500, heedsSignal: true, pauseMs: SEND_EVERY_MS }

/** At most once is a promise too. */
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

/** Memory must not grow with what is acknowledged after it. */
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

/** Two services, one place for what they gave up. */
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
