import type { Random } from '../../support/random.js'

/** What the handler does with a message, for the first few times that it gets it. */
export const ways = [
  'returns',
  'returns later',
  'returns a thenable',
  'throws',
  'rejects',
  'throws Reject',
  'throws Retry',
  'hangs',
  'honours the signal',
  'ignores the signal',
  'closes its worker',
  'closes its connection',
  // With `acknowledge: 'manual'`.
  'settles twice',
  'acks first',
  'throws after its ack',
  'requeues',
  'decides nothing',
  // With `batch`.
  'returns a result with holes',
] as const

/** What the handler does with a message. */
export type Way = (typeof ways)[number]

/** What is done while messages flow. */
export const acts = [
  'pause',
  'resume',
  'reset',
  'end',
  'black hole',
  'slow line',
  'cut',
  'kill a channel',
  'close',
  'close the connection',
  'start',
  // Seldom.
  'delete the queue',
  'block the event loop',
  // With a broker of our own.
  'restart the broker',
  'kill the broker',
  'alarm',
] as const

/** When something is done, and to whom. */
export interface Step {
  readonly do: (typeof acts)[number]
  readonly afterMs: number
  /** Which worker, counted from the one that was started last. */
  readonly worker: number
  /** Of a close. */
  readonly timeoutMs: number
  /** Of a cut: what still passes. */
  readonly bytes: number
}

/** How a worker works. */
export interface WorkerPlan {
  readonly acknowledge: 'on-return' | 'manual' | 'none'
  readonly concurrency: number
  readonly prefetch: number
  readonly handlerTimeoutMs: number
  readonly batch: { readonly size: number; readonly waitMs: number } | undefined
  readonly isOrdered: boolean
  readonly store: 'quick' | 'slow' | 'failing' | undefined
  readonly isolation: boolean
  readonly breaker: boolean
  /** On a connection of its own, or on that of the worker before it. */
  readonly connects: boolean
}

/** What an interceptor does around a handler. */
export type Interception = 'passes' | 'passes later' | 'refuses some' | 'fails some afterwards' | 'catches'

/** One run, decided before it begins. */
export interface Program {
  readonly seed: number
  readonly queue: {
    readonly type: 'classic' | 'quorum'
    readonly singleActive: boolean
    readonly maxPriority: number | undefined
    readonly retry: 'delays' | 'native' | 'none'
    readonly keepsLetters: boolean
    readonly checksLate: boolean
  }
  /** Those of `repeated` are of two messages each. */
  readonly ids: 'own' | 'foreign' | 'repeated'
  /** By the number of the message. */
  readonly ways: readonly Way[]
  /** How often the handler does that, before it simply returns. */
  readonly times: readonly number[]
  /** Those that are sent twice, under one id. */
  readonly twice: ReadonlySet<number>
  /** Those that do not fit the contract. */
  readonly invalid: ReadonlySet<number>
  readonly workers: readonly [WorkerPlan, ...WorkerPlan[]]
  readonly interceptors: readonly Interception[]
  readonly heartbeatMs: number
  readonly steps: readonly Step[]
  /** Who handles what is left: the workers that there are, or a clean one when they are closed. */
  readonly endsBy: 'its workers' | 'a clean worker'
}

/** What the broker of a run allows. */
export interface Means {
  readonly hasNativeRetry: boolean
  /** It is not shared, so it may be stopped. */
  readonly isOurs: boolean
}

const GENTLE: readonly Way[] = ['returns', 'returns later', 'returns a thenable']
const FAILING: readonly Way[] = ['throws', 'rejects', 'throws Reject', 'throws Retry', 'returns a result with holes']
const LONG: readonly Way[] = ['hangs', 'honours the signal', 'ignores the signal']
const MANUAL: readonly Way[] = ['settles twice', 'acks first', 'throws after its ack', 'requeues', 'decides nothing']

/** Decides on a run. */
export function programOf(seed: number, random: Random, means: Means): Program {
  const queue = queueOf(random, means)
  const acknowledge = random.pick(['on-return', 'on-return', 'on-return', 'manual', 'none'] as const)
  const workers = Array.from({ length: 1 + random.below(2) }, () => workerOf(random, acknowledge, queue.singleActive))
  const count = 30 + random.below(random.pick([50, 150, 300]))
  const numbers = Array.from({ length: count }, (_, n) => n)
  const chosen = (probability: number): Set<number> => new Set(numbers.filter(() => random.chance(probability)))
  const closes = random.chance(0.2) ? random.below(count) : -1
  const closing = random.pick(['closes its worker', 'closes its connection'] as const)
  const deduplicates = workers.some(({ store }) => store !== undefined)
  return {
    seed,
    queue,
    ids: random.pick(deduplicates ? ['own', 'own', 'foreign'] : ['own', 'own', 'foreign', 'repeated']),
    ways: numbers.map((n) => (n === closes ? closing : wayOf(random))),
    times: numbers.map(() => 1 + random.below(4)),
    twice: chosen(deduplicates ? 0.2 : 0),
    invalid: chosen(0.03),
    workers: workers as [WorkerPlan, ...WorkerPlan[]],
    interceptors: interceptorsOf(random),
    heartbeatMs: random.pick([1_000, 20_000]),
    steps: stepsOf(random, means),
    endsBy: random.pick(['its workers', 'its workers', 'a clean worker']),
  }
}

function queueOf(random: Random, { hasNativeRetry }: Means): Program['queue'] {
  const type = random.pick(['classic', 'quorum'] as const)
  const isNative = type === 'quorum' && hasNativeRetry && random.chance(0.3)
  return {
    type,
    singleActive: random.chance(0.2),
    maxPriority: type === 'classic' && random.chance(0.25) ? 3 : undefined,
    retry: isNative ? 'native' : random.pick(['delays', 'delays', 'delays', 'none']),
    // There the broker gives up what was lost in its last attempt, and only its letter tells.
    keepsLetters: random.chance(0.8) || isNative,
    checksLate: random.chance(0.25),
  }
}

function workerOf(random: Random, acknowledge: WorkerPlan['acknowledge'], singleActive: boolean): WorkerPlan {
  const batch =
    acknowledge === 'on-return' && random.chance(0.3)
      ? { size: 1 + random.below(8), waitMs: random.below(60) }
      : undefined
  const concurrency = singleActive && random.chance(0.5) ? 1 : 1 + random.below(random.pick([2, 10, 30]))
  const prefetch = Math.max(concurrency, batch?.size ?? 1) + random.pick([0, 0, random.below(30)])
  return {
    acknowledge,
    concurrency,
    prefetch,
    handlerTimeoutMs: random.pick([300, 600, 5_000]),
    batch,
    isOrdered: batch === undefined && random.chance(0.25),
    store: random.chance(0.3) ? random.pick(['quick', 'slow', 'failing']) : undefined,
    isolation: random.chance(0.75),
    breaker: random.chance(0.2),
    connects: random.chance(0.5),
  }
}

function wayOf(random: Random): Way {
  const kind = random.pick(['gentle', 'gentle', 'gentle', 'gentle', 'gentle', 'failing', 'failing', 'long', 'manual'])
  if (kind === 'gentle') return random.pick(GENTLE)
  if (kind === 'failing') return random.pick(FAILING)
  // A handler that hangs takes a second more than its time.
  return kind === 'long' ? random.pick(random.chance(0.5) ? LONG : GENTLE) : random.pick(MANUAL)
}

function interceptorsOf(random: Random): Interception[] {
  const count = random.pick([0, 0, 1, 2])
  const kinds = ['passes', 'passes later', 'refuses some', 'fails some afterwards', 'catches'] as const
  return Array.from({ length: count }, () => random.pick(kinds))
}

const OFTEN = [
  ...(['pause', 'resume', 'reset', 'reset', 'end', 'black hole', 'slow line', 'cut', 'cut'] as const),
  ...(['kill a channel', 'kill a channel', 'close', 'close', 'close the connection', 'start', 'start'] as const),
] as const
const SELDOM = ['delete the queue', 'block the event loop', 'reset', 'cut'] as const
const TO_OUR_BROKER = ['restart the broker', 'kill the broker', 'kill the broker', 'alarm'] as const

function stepsOf(random: Random, { isOurs }: Means): Step[] {
  const steps = Array.from({ length: 2 + random.below(10) }, () => stepOf(random, random.chance(0.07) ? SELDOM : OFTEN))
  return isOurs ? steps.toSpliced(random.below(steps.length), 1, stepOf(random, TO_OUR_BROKER)) : steps
}

function stepOf(random: Random, choices: readonly Step['do'][]): Step {
  return {
    do: random.pick(choices),
    afterMs: random.pick([0, 1, 5, 30, 100, 300]),
    worker: random.below(3),
    timeoutMs: random.pick([0, 0, 100, 1_200, 3_000, 20_000]),
    bytes: random.below(3_000),
  }
}
