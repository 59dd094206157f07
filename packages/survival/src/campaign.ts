import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NoBrokerError, type RabbitMQ } from '@leveret/testing'
import type { Effort } from './arguments.js'
import { findBroker, isOurs, startCluster } from './broker.js'
import type { Fault } from './faults/fault.js'
import { Random } from './random.js'
import { isSurvived, runFault, type Verdict } from './run.js'
import type { Load } from './stage.js'

/** Results of a campaign. */
export interface Outcome {
  readonly verdicts: readonly Verdict[]
  readonly brokers: readonly Pick<RabbitMQ, 'version' | 'driver' | 'nodes'>[]
}

/** Reports a verdict while the campaign runs. */
export type Tell = (verdict: Verdict) => void

/** Runs faults one after the other: first those of one broker, then those of a cluster. */
export async function campaign(faults: readonly Fault[], effort: Effort, tell: Tell): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'leveret-survival-'))
  const [ofCluster, ofBroker] = [faults.filter(isOfCluster), faults.filter((fault) => !isOfCluster(fault))]
  const first = await strikeAll(ofBroker, findBroker, { effort, directory, tell })
  const second = await strikeAll(ofCluster, startCluster, { effort, directory, tell })
  const verdicts = [...first.verdicts, ...second.verdicts]
  // The ledgers are evidence if an invariant did not hold.
  if (verdicts.every(isSurvived)) await rm(directory, { recursive: true, force: true })
  return { verdicts, brokers: [...first.brokers, ...second.brokers] }
}

interface Circumstances {
  readonly effort: Effort
  readonly directory: string
  readonly tell: Tell
}

async function strikeAll(
  faults: readonly Fault[],
  start: () => Promise<RabbitMQ>,
  { effort, directory, tell }: Circumstances,
): Promise<Outcome> {
  if (faults.length === 0) return { verdicts: [], brokers: [] }
  const started = await start().catch((error: unknown) => {
    if (error instanceof NoBrokerError) return error
    throw error
  })
  if (started instanceof Error)
    return { verdicts: faults.map((fault) => skip(fault, started.message, tell)), brokers: [] }
  await using broker = started
  const strike = async (fault: Fault): Promise<Verdict> => {
    if (fault.scope === 'broker' && !isOurs(broker)) return skip(fault, 'it needs a broker of our own', tell)
    const { quick, seed, messages, kills } = effort
    const conditions = { quick, random: new Random(seed), load: loadOf(effort), goal: { messages, kills } }
    const verdict = await runFault(fault, { broker, directory, ...conditions })
    tell(verdict)
    return verdict
  }
  const apart = faults.filter(({ scope }) => scope === 'wire' || scope === 'vhost')
  const alone = faults.filter((fault) => !apart.includes(fault))
  const verdicts = [...(await atOnce(effort.quick ? AT_ONCE : 1, apart, strike)), ...(await atOnce(1, alone, strike))]
  return { verdicts, brokers: [broker] }
}

/**
 * How many faults run at once in a quick campaign. Faults of a wire or a vhost do not affect others, and mostly wait.
 */
const AT_ONCE = 3

async function atOnce(
  limit: number,
  faults: readonly Fault[],
  strike: (fault: Fault) => Promise<Verdict>,
): Promise<Verdict[]> {
  const verdicts = new Map<Fault, Verdict>()
  const waiting = [...faults]
  const lane = async (): Promise<void> => {
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
      verdicts.set(fault, await strike(fault))
    }
  }
  await Promise.all(Array.from({ length: limit }, lane))
  return faults.flatMap((fault) => verdicts.get(fault) ?? [])
}

function skip({ name }: Fault, skipped: string, tell: Tell): Verdict {
  const verdict = { fault: name, skipped, breaches: new Map(), warnings: [] }
  tell(verdict)
  return verdict
}

function isOfCluster({ scope }: Fault): boolean {
  return scope === 'cluster'
}

/**
 * Returns the load of the client. A given number of messages should be reached soon. But the workers must keep up, or
 * the last messages wait behind all the others.
 */
function loadOf({ quick, messages }: Effort): Load {
  const pace =
    messages === undefined ? { senders: 10, pauseMs: 10, prefetch: 20 } : { senders: 20, pauseMs: 20, prefetch: 200 }
  const patience = quick
    ? { heartbeatMs: 2_000, publishTimeoutMs: 15_000 }
    : { heartbeatMs: 5_000, publishTimeoutMs: 30_000 }
  return { ...pace, ...patience }
}
