import type { Client, Link, PublishAndCallBack } from '../clients/client.js'
import { trio } from '../clients/clients.js'
import { inChild } from '../in-child.js'
import { Countdown } from '../work/countdown.js'
import { lines } from '../work/payload.js'
import { inWindow } from '../work/window.js'
import type { Case, Contender, Session, Site, Workload } from '../work/work.js'
import { inPace } from './pace.js'
import type { Task } from './task.js'

const PREFETCH = 50
/** How many messages go first, without a rate: at a low rate alone, code would be optimized after minutes only. */
const WARM_UP = 5_000
const SECONDS = 2

const contender =
  (sessionOf: (link: Link, site: Site) => Promise<Session>) =>
  ({ name, connect }: Client): Contender => ({
    client: name,
    async open(site) {
      const link = await connect(site)
      await warmUp(link, site)
      return await sessionOf(link, site)
    },
  })

/** Sends and consumes messages as fast as it can, and leaves the queue empty. */
async function warmUp(link: Link, site: Site): Promise<void> {
  const send = await senderOf(link)
  await inWindow({ messages: WARM_UP, atOnce: PREFETCH }, (settled) => send(site.order, settled))
  let left = WARM_UP
  let stop: (() => Promise<void>) | undefined
  await new Promise<void>((resolve, reject) => {
    const handle = (): void => {
      left -= 1
      if (left === 0) resolve()
    }
    link.consume(PREFETCH, handle).then((found) => {
      stop = found
    }, reject)
  })
  await stop?.()
}

/** Returns a sender that calls back, in the client's own way if it has one. */
async function senderOf(link: Link): Promise<PublishAndCallBack> {
  const calling = await link.callingPublisher?.()
  if (calling !== undefined) return calling
  const publish = await link.publisher()
  return (order, settled) => publish(order).then(() => settled(), settled)
}

const sending = contender(async (link, { messages, atOnce: aSecond, order }) => {
  const send = await senderOf(link)
  return {
    run: async (watch) => {
      watch.start()
      await inPace({ messages, aSecond }, (settled) => send(order, settled))
      watch.stop()
    },
    close: () => link.close(),
  }
})

const receiving = contender(async (link, { url, contract, messages, atOnce: aSecond, order }) => {
  const task = { url, queue: contract.name, content: JSON.stringify(order), messages, aSecond } satisfies Task
  return {
    run: async (watch) => {
      const countdown = new Countdown(messages, watch)
      const stop = await link.consume(PREFETCH, () => countdown.delivered())
      await inChild('latency', task)
      await countdown.done
      await stop()
    },
    close: () => link.close(),
  }
})

const cases: readonly Case[] = [100, 500].map((atOnce) => {
  return { queue: 'classic', payload: lines(3), atOnce, messages: atOnce * SECONDS, headline: true }
})

// To read the memory costs about as much as a message, so it is read at the ends only.
const shared = { atOnce: 'a second', before: 'empty', cases, peers: [], lookMs: 3_600_000 } as const

/** Workload: messages are sent at a low rate, each confirmed. */
export const lowRateSends: Workload = {
  ...shared,
  title: 'low rates: JSON, sent at a steady rate, each message confirmed',
  after: 'full',
  contenders: [sending(trio[0]), sending(trio[1]), sending(trio[2])],
}

/** Workload: messages come at a low rate from another process, each acknowledged. */
export const lowRateDeliveries: Workload = {
  ...shared,
  title: `low rates: JSON, delivered at a steady rate, each message acknowledged, a prefetch of ${PREFETCH}`,
  after: 'empty',
  contenders: [receiving(trio[0]), receiving(trio[1]), receiving(trio[2])],
}
