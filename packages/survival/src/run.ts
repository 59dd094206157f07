import { eventually } from '@leveret/testing'
import { drain } from './drain.js'
import type { Fault } from './faults/fault.js'
import { invariants, type Limits } from './invariants.js'
import { type Figures, figuresOf } from './ledger/account.js'
import { ORDERED_PREFETCH, type QueueName, queueNames } from './ledger/message.js'
import { patienceMs, Stage, type StageOptions } from './stage.js'

/** What became of one fault. */
export interface Verdict {
  readonly fault: string
  /** Why it was not done; then nothing else is known. */
  readonly skipped?: string
  /** What kept the run from coming to its end, such as a client that died. */
  readonly broken?: string
  /** Of each invariant what breaches it, in words. */
  readonly breaches: ReadonlyMap<string, readonly string[]>
  readonly figures?: Figures
  readonly warnings: readonly string[]
  /** Where the ledger is. */
  readonly ledgerPath?: string
}

/** So many messages are handled before anything is done. */
const WARM_UP = 100
/** The ledger is looked at only now and then. */
const LOOK_MS = 1_000
const HEAP_GROWTH_BYTES = 32 * 2 ** 20
/** Longer than a client should need for anything that it is told. */
const SOON_MS = 30_000

/** Whether all went as it should; what was skipped did not go wrong. */
export function isSurvived({ broken, breaches }: Verdict): boolean {
  return broken === undefined && [...breaches.values()].every((found) => found.length === 0)
}

/** Does something to a client that works under load, and judges what became of its messages. */
export async function runFault(fault: Fault, options: Omit<StageOptions, 'name'>): Promise<Verdict> {
  const skipped = fault.impossible?.(options.broker)
  if (skipped !== undefined) return { fault: fault.name, skipped, breaches: new Map(), warnings: [] }
  const stage = await Stage.open({ ...options, name: fault.name, direct: fault.direct })
  try {
    const broken = await perform(fault, stage).then(
      () => undefined,
      (error: unknown) => String(error),
    )
    if (broken !== undefined) await stage.client.kill()
    await drain(stage)
    return judge(fault, stage, broken)
  } finally {
    await stage.close()
  }
}

async function perform(fault: Fault, stage: Stage): Promise<void> {
  if (fault.begin === undefined) await stage.startClient(fault.client?.(stage)).ready()
  else await fault.begin(stage)
  await stage.until(() => stage.ledger.ledger.counts.retried > 5 && handled(stage) > WARM_UP, SOON_MS)
  await stage.client.ask({ do: 'measure' })
  await fault.strike(stage)
  await finish(stage)
}

/** Lets everything come to its end, asks the broker what is there, and closes. */
async function finish(stage: Stage): Promise<void> {
  await stage.client.ask({ do: 'stop' })
  await stage.settles(stage.span(45_000, 300_000))
  await Promise.all(queueNames.map((queue) => countConsumers(stage, queue)))
  await stage.client.ask({ do: 'probe' })
  await stage.settles(SOON_MS)
  await stage.client.ask({ do: 'measure' })
  await stage.client.ask({ do: 'finish' })
  await stage.client.end()
}

/**
 * Asks until there is one, or patience ends: the management API tells a little later what is there. Of the queue, because it
 * goes on listing consumers of one that is gone.
 */
async function countConsumers({ management, vhost, ledger }: Stage, queue: QueueName): Promise<void> {
  let consumers = 0
  const look = async (): Promise<void> => {
    consumers = (await management.queue(vhost, queue)).consumers ?? 0
    if (consumers !== 1) throw new Error(`${consumers} consumers`)
  }
  await eventually(look, { timeoutMs: SOON_MS, intervalMs: 100 }).catch(() => undefined)
  ledger.note('consumers', queue, String(consumers))
}

function judge(fault: Fault, stage: Stage, broken: string | undefined): Verdict {
  const ledger = stage.ledger.read()
  const limits = limitsOf(stage, fault)
  return {
    fault: fault.name,
    ...(broken === undefined ? {} : { broken }),
    breaches: new Map(invariants.map(({ name, breaches }) => [name, breaches(ledger, limits)])),
    figures: figuresOf(ledger),
    warnings: ledger.warnings,
    ledgerPath: stage.ledger.path,
  }
}

/** In hand are deliveries, the copies of failed ones, and sends. */
function limitsOf({ load: { publishTimeoutMs, prefetch, senders } }: Stage, fault: Fault): Limits {
  const inHand = 2 * prefetch + ORDERED_PREFETCH + 2 * senders + 1
  const heapGrowthBytes = fault.heapGrowthBytes ?? HEAP_GROWTH_BYTES
  return { publishTimeoutMs, inHand, heapGrowthBytes, recoveryMs: patienceMs + LOOK_MS }
}

function handled({ ledger: { ledger } }: Stage): number {
  return ledger.firstBegun.length
}
