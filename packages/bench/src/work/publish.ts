import type { Client, Link } from '../clients/client.js'
import { pair, peers } from '../clients/clients.js'
import type { Target } from './target.js'
import { inLoops, inWindow } from './window.js'
import type { Case, Contender, Site, Workload } from './work.js'

/** Returns the contender that publishes in a window. */
export function publishing({ name, connect }: Client): Contender {
  return {
    client: name,
    async open(site) {
      const link = await connect(site)
      const publishAll = await allPublisher(link, site)
      return {
        run: async (watch) => {
          watch.start()
          await publishAll()
          watch.stop()
        },
        close: () => link.close(),
      }
    },
  }
}

async function allPublisher(link: Link, site: Site): Promise<() => Promise<void>> {
  const { order } = site
  const calling = await link.callingPublisher?.()
  if (calling !== undefined) return () => inWindow(site, (settled) => calling(order, settled))
  const publish = await link.publisher()
  return () => inLoops(site, () => publish(order))
}

/**
 * How many messages a run has, by their bytes: [one at a time, 64, 256]. In some clients a large message alone takes 40
 * ms.
 */
const MESSAGES = new Map<number, readonly [number, number, number]>([
  [64, [400, 4_000, 10_000]],
  [200, [400, 4_000, 10_000]],
  [4_096, [30, 2_000, 4_000]],
  [65_536, [30, 200, 512]],
])
const WINDOWS = [1, 64, 256]
const HEADLINES = new Set(['200/1', '200/256', '4096/1', '4096/256'])

const TARGETS: Readonly<Record<string, Target>> = {
  'classic/200/256': { rate: 1.5, cpu: 0.65 },
  'quorum/200/256': { rate: 1.1, cpu: 0.65 },
  'classic/4096/256': { rate: 1.4 },
  'classic/4096/1': { rate: 50 },
}

function casesOf(queue: Case['queue']): Case[] {
  return [...MESSAGES].flatMap(([bytes, counts]) =>
    WINDOWS.map((atOnce, index) => {
      const target = TARGETS[`${queue}/${bytes}/${atOnce}`]
      return {
        queue,
        bytes,
        atOnce,
        messages: counts[index] ?? 0,
        headline: HEADLINES.has(`${bytes}/${atOnce}`),
        ...(target && { target }),
      }
    }),
  )
}

/** Workload: each message is confirmed; up to `window` of them are unconfirmed at once. */
export const publish: Workload = {
  title: 'publish: JSON, each message confirmed',
  atOnce: 'window',
  before: 'empty',
  after: 'full',
  cases: [...casesOf('classic'), ...casesOf('quorum')],
  contenders: [publishing(pair[0]), publishing(pair[1])],
  peers: peers.map(publishing),
}
