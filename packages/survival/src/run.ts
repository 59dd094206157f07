import { eventually } from '@leveret/testing'
import { drain } from './drain.js'
import type { Fault } from './faults/fault.js'
import { invariants, type Limits } from './invariants.js'
import { type Figures, figuresOf } from './ledger/account.js'
import { ORDERED_PREFETCH, type QueueName, queueNames } from './ledger/message.js'
import { patienceMs, Stage, type StageOptions } from './stage.js'

/** Result of one fault. */
export interface Verdict {
  readonly fault: string
  /** Reason for which the fault was not run; then nothing else is known. */
  readonly skipped?: string
  /** Reason for which the run was broken off, for example a client that died. */
  readonly broken?: string
  /** Texts of the breaches, by invariant. */
  readonly breaches: ReadonlyMap<string, readonly string[]>
  readonly figures?: Figures
  readonly warnings: readonly string[]
  /** Path of the ledger. */
  readonly ledgerPath?: string
}

/** How many messages are handled before the fault. */
const WARM_UP = 100
/** Interval at which the ledger is read. */
const LOOK_MS = 1_000
const HEAP_GROWTH_BYTES = 32 * 2 ** 20
/** How long a client may take to carry out a command. */
const SOON_MS = 30_000

/** Whether all conditions held. A skipped fault breaks none. */
export function isSurvived({ broken, breaches }: Verdict): boolean {
  return broken === undefined && [...breaches.values()].every((found) => found.length === 0)
}

/** Exposes a client that works under load to a fault, and judges what happened to its messages. */
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

/** Waits until every message has its result, asks the broker for its state, and closes. */
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
 * Counts the consumers of a queue. It asks until there is one, or time is up, because the management API is a little
 * behind. It asks for the queue, because the API goes on listing consumers of a queue that is gone.
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

/** Returns the limits of a run. In progress may be deliveries, the copies of failed ones, and sends. */
function limitsOf({ load: { publishTimeoutMs, prefetch, senders } }: Stage, fault: Fault): Limits {
  const inHand = 2 * prefetch + ORDERED_PREFETCH + 2 * senders + 1
  const heapGrowthBytes = fault.heapGrowthBytes ?? HEAP_GROWTH_BYTES
  return { publishTimeoutMs, inHand, heapGrowthBytes, recoveryMs: patienceMs + LOOK_MS }
}

function handled({ ledger: { ledger } }: Stage): number {
  return ledger.firstBegun.length
}
