import { amqplibNoDelay } from '../clients/amqplib.js'
import type { Client, Link } from '../clients/client.js'
import { peers, trio } from '../clients/clients.js'
import { lines, note, type Payload } from './payload.js'
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

/** Windows of the cases. */
const WINDOWS = [1, 64, 256]

/** How many messages a run has. In some clients a message of 2 kB or more takes 40 ms if it is alone. */
interface Amounts {
  readonly payload: Payload
  /** For each window; 0 where the window says nothing new. */
  readonly messages: readonly [one: number, some: number, many: number]
}

const CLASSIC: readonly Amounts[] = [
  { payload: note(200), messages: [400, 4_000, 10_000] },
  { payload: note(4_096), messages: [100, 0, 4_000] },
  { payload: note(65_536), messages: [30, 0, 512] },
  { payload: lines(3), messages: [400, 0, 10_000] },
  { payload: lines(60), messages: [100, 0, 4_000] },
  { payload: lines(900), messages: [30, 0, 512] },
]

const QUORUM: readonly Amounts[] = [
  { payload: note(200), messages: [400, 0, 10_000] },
  { payload: lines(3), messages: [400, 0, 10_000] },
  { payload: lines(60), messages: [0, 0, 4_000] },
]

/** Cases of one kind of queue, by payload and window: those with all clients. */
const HEADLINES = new Set(['note 200/1', 'note 200/256', 'note 4096/256', '3 lines/256', '60 lines/1', '60 lines/256'])

const ONE_AT_A_TIME: readonly Target[] = [{ rate: 1, cpu: 1 }]

const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  'classic note 200/1': ONE_AT_A_TIME,
  'classic 3 lines/1': ONE_AT_A_TIME,
  'classic note 200/256': [{ rate: 1.5, cpu: 0.6 }],
  'classic 3 lines/256': [{ cpu: 0.6 }],
  'quorum note 200/256': [{ rate: 1.1, cpu: 0.6 }],
  'classic note 4096/256': [{ rate: 1.4 }],
  'classic 60 lines/256': [{ cpu: 1, beside: 'amqplib + zod' }],
}

function casesOf(queue: Case['queue'], amounts: readonly Amounts[]): Case[] {
  return amounts.flatMap(({ payload, messages }) =>
    WINDOWS.flatMap((atOnce, index) => {
      const of = `${payload.name === 'note' ? `note ${payload.bytes}` : payload.name}/${atOnce}`
      const targets = TARGETS[`${queue} ${of}`]
      const one = { queue, payload, atOnce, messages: messages[index] ?? 0, headline: HEADLINES.has(of) }
      return one.messages === 0 ? [] : [{ ...one, ...(targets && { targets }) }]
    }),
  )
}

/** Workload: each message is confirmed; up to `window` of them are unconfirmed at once. */
export const publish: Workload = {
  title: 'publish: JSON, each message confirmed',
  atOnce: 'window',
  before: 'empty',
  after: 'full',
  cases: [...casesOf('classic', CLASSIC), ...casesOf('quorum', QUORUM)],
  contenders: [
    publishing(trio[0]),
    { ...publishing(amqplibNoDelay), takesPart: ({ atOnce }) => atOnce === 1 },
    publishing(trio[1]),
    publishing(trio[2]),
  ],
  peers: peers.map(publishing),
}
