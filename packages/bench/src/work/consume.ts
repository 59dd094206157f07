import type { Client } from '../clients/client.js'
import { pair, peers } from '../clients/clients.js'
import { Countdown } from './countdown.js'
import type { Target } from './target.js'
import type { Case, Contender, Workload } from './work.js'

function consuming({ name, connect }: Client): Contender {
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

const TARGETS: Readonly<Record<number, Target>> = {
  1: { rate: 0.98 },
  50: { rate: 1.15, cpu: 1 },
  250: { rate: 1.15, cpu: 1 },
}

function casesOf(queue: Case['queue']): Case[] {
  const one = { queue, bytes: 200 }
  return [
    { ...one, atOnce: 1, messages: 1_000 },
    { ...one, atOnce: 10, messages: 4_000 },
    { ...one, atOnce: 50, messages: 10_000 },
    { ...one, atOnce: 250, messages: 10_000 },
  ].map((each) => {
    const target = queue === 'classic' ? TARGETS[each.atOnce] : undefined
    return { ...each, headline: each.atOnce !== 10, ...(target && { target }) }
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
  cases: [...casesOf('classic'), ...casesOf('quorum')],
  contenders: [consuming(pair[0]), consuming(pair[1])],
  peers: peers.map(consuming),
}
