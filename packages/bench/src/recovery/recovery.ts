import { NoBrokerError, type RabbitMQ, startRabbitMQ } from '@leveret/testing'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import { renderTable } from '../table.js'
import { foundIdle, foundInHandshake, foundPublishing } from './half-open.js'
import { afterQuickHangUps, afterQuickResets, afterResets } from './reset.js'
import { afterRestarts } from './restart.js'
import { closingLine, type Finding, findingColumns, findingRow } from './target.js'

/** How often each fault is caused. */
interface Times {
  readonly resets: number
  readonly restarts: number
  readonly deadLinks: number
}

const FULL: Times = { resets: 20, restarts: 5, deadLinks: 5 }
const QUICK: Times = { resets: 5, restarts: 1, deadLinks: 1 }

/**
 * Age at which the first link dies, and by how much each further one is older: they die between different heartbeats.
 */
const ALIVE_MS = 2_000
const STAGGER_MS = 2_600

/** Breaks links and a broker, with the default options of `connect`. @returns the table, and its summary */
export async function recovery(broker: RabbitMQ, { quick }: Effort): Promise<string> {
  const times = quick ? QUICK : FULL
  // A quick run restarts a broker while it waits for dead links to be found. A full run measures one after the other.
  const [links, restarts] = quick
    ? await Promise.all([linkFindings(broker, times), restartFindings(times)])
    : [await linkFindings(broker, times), await restartFindings(times)]
  const findings = [...links, ...restarts.findings]
  const table = renderTable(findingColumns, findings.map(findingRow))
  return `recovery: the default options of connect; ${restarts.of}\n\n${table}\n\n${closingLine(findings)}`
}

async function linkFindings(broker: RabbitMQ, { resets, deadLinks }: Times): Promise<Finding[]> {
  await using vhost = await createVhost(broker)
  const reset = {
    what: 'first confirmed publish after a connection reset',
    samplesMs: await afterResets(vhost.url, resets),
    target: { medianMs: 300, maxMs: 1_000 },
  }
  const quick = { medianMs: 500, maxMs: 2_000 }
  const dropped = {
    what: 'link back after resets in a row, each as soon as it is up',
    samplesMs: await afterQuickResets(vhost.url, resets),
    target: quick,
  }
  const hungUp = {
    what: 'next try after hang-ups in a row, each right after the accept',
    samplesMs: await afterQuickHangUps(vhost.url, resets),
    target: quick,
  }
  const target = { maxMs: 45_000 }
  const several = async (find: (url: string, aliveMs: number) => Promise<number>): Promise<number[]> => {
    const ages = Array.from({ length: deadLinks }, (_, index) => ALIVE_MS + index * STAGGER_MS)
    return await Promise.all(ages.map(async (aliveMs) => await find(vhost.url, aliveMs)))
  }
  const [idle, publishing, handshake] = await Promise.all([foundIdle, foundPublishing, foundInHandshake].map(several))
  return [
    reset,
    dropped,
    hungUp,
    { what: 'half-open link found, idle', samplesMs: idle ?? [], target },
    { what: 'half-open link found, while publishing', samplesMs: publishing ?? [], target },
    { what: 'half-open link found, during the handshake', samplesMs: handshake ?? [], target },
  ]
}

/** Restarts a broker that this program started, because the broker of the links may belong to somebody else. */
async function restartFindings({ restarts }: Times): Promise<{ of: string; findings: Finding[] }> {
  const what = 'first confirmed publish after the broker listens again'
  const target = { medianMs: 1_000 }
  const stopped = { what: `${what} (stop, start)`, target, samplesMs: [] }
  const killed = { what: `${what} (kill, start)`, target, samplesMs: [] }
  const started = await startRabbitMQ().catch((error: unknown) => {
    if (error instanceof NoBrokerError) return undefined
    throw error
  })
  if (started === undefined) return { of: 'no broker to restart', findings: [stopped, killed] }
  await using broker = started
  return {
    of: `restarts are of RabbitMQ ${broker.version} (${broker.driver})`,
    findings: [
      { ...stopped, samplesMs: await afterRestarts(broker, 'stop', restarts) },
      { ...killed, samplesMs: await afterRestarts(broker, 'kill', restarts) },
    ],
  }
}
