import type { Client } from '../clients/client.js'
import { peers, trio } from '../clients/clients.js'
import { Countdown } from './countdown.js'
import { lines, note, type Payload } from './payload.js'
import type { Target } from './target.js'
import type { Case, Contender, Workload } from './work.js'

/** Returns the contender that consumes with an empty handler. */
export function consuming({ name, connect }: Client): Contender {
  return {
    client: name,
    async open(site) {
      const link = await connect(site)
      return {
        run: async (watch) => {
          const countdown = new Countdown(site.messages, watch)
          const stop = await link.consume(site.atOnce, () => countdown.delivered())
          await countdown.done
          await stop()
        },
        close: () => link.close(),
      }
    },
  }
}

const BESIDE = 'amqplib + zod'
const MANY: readonly Target[] = [{ rate: 1.25 }, { cpu: 0.95, beside: BESIDE }]

/** Targets by prefetch, for orders of a few lines. */
const TARGETS: Readonly<Record<number, readonly Target[]>> = {
  1: [{ rate: 0.98 }, { cpu: 1.1, beside: BESIDE }],
  50: MANY,
  250: MANY,
}
const JUDGED = lines(3)

/** Kind of queue, payload, prefetch, and messages of a run. */
type Amount = readonly [queue: Case['queue'], payload: Payload, atOnce: number, messages: number]

const PLAIN: readonly Amount[] = [
  ['classic', note(200), 1, 1_000],
  ['classic', lines(60), 1, 1_000],
  ['classic', lines(60), 50, 4_000],
  ['classic', lines(900), 50, 512],
  ['quorum', JUDGED, 1, 1_000],
  ['quorum', JUDGED, 250, 10_000],
]

const HEADLINES: readonly Amount[] = [
  ['classic', note(200), 50, 10_000],
  ['classic', JUDGED, 1, 1_000],
  ['classic', JUDGED, 50, 10_000],
  ['classic', JUDGED, 250, 10_000],
  ['classic', lines(60), 250, 4_000],
  ['quorum', JUDGED, 50, 10_000],
]

function casesOf(amounts: readonly Amount[], headline: boolean): Case[] {
  return amounts.map(([queue, payload, atOnce, messages]) => {
    const targets = queue === 'classic' && payload === JUDGED ? TARGETS[atOnce] : undefined
    return { queue, payload, atOnce, messages, headline, ...(targets && { targets }) }
  })
}

/**
 * Workload: each message is parsed and acknowledged separately; up to `prefetch` of them are unacknowledged at once.
 */
export const consume: Workload = {
  title: 'consume: JSON, each message acknowledged',
  atOnce: 'prefetch',
  before: 'full',
  after: 'empty',
  cases: [...casesOf(HEADLINES, true), ...casesOf(PLAIN, false)],
  contenders: [consuming(trio[0]), consuming(trio[1]), consuming(trio[2])],
  peers: peers.map(consuming),
}
