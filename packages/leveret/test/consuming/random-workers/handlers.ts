import { setTimeout as delay } from 'node:timers/promises'
import { type BatchItem, type Delivery, type ManualDelivery, Reject, Retry } from '../../../src/index.js'
import type { Account, Worked } from './model.js'
import type { Program, Way } from './program.js'

/** What a task holds. */
export interface Task {
  readonly n: number
  readonly key: number
}

/** What handlers need to know beside the program. */
export interface Surroundings {
  readonly program: Program
  readonly account: Account
  readonly worker: Worked
  /** From now on nothing takes long any more, and what hangs ends. */
  readonly calm: AbortSignal
  /** Closes the worker, or its connection. */
  close(way: Way): Promise<void>
}

/** One handler's work on one message. */
interface Work extends Surroundings {
  readonly delivery: Delivery
  /** It has done what it had to do. */
  done(): void
}

const LONG_MS = 2_000

/** A handler that returns when it has done its work. */
export function handlerOf(surroundings: Surroundings) {
  return ({ n }: Task, delivery: Delivery): unknown =>
    follow(surroundings, n, delivery, (work, way) => PLAIN[way]?.(work) ?? returns(work))
}

/** A handler that settles its deliveries itself. */
export function manualHandlerOf(surroundings: Surroundings) {
  return ({ n }: Task, delivery: ManualDelivery): unknown =>
    follow(surroundings, n, delivery, (work, way) => {
      const settling = { ...work, delivery }
      return (MANUAL[way] ?? acks)(settling)
    })
}

/** A handler of batches: the first message decides what becomes of the whole batch, each of the others what becomes of it. */
export function batchHandlerOf(surroundings: Surroundings) {
  return async (items: readonly BatchItem<Task>[], signal: AbortSignal): Promise<unknown> => {
    const { account, worker, program, calm } = surroundings
    const { end } = account.begin(
      worker,
      items.map(({ payload }) => payload.n),
      items.map(({ delivery }) => delivery),
    )
    const [first] = items
    const way = first === undefined ? 'returns' : wayOf(surroundings, first.payload.n)
    try {
      if (way === 'returns a result with holes') return new Array(items.length)
      if (way === 'throws' || way === 'rejects') throw new Error('the whole batch fails')
      if (way === 'closes its worker' || way === 'closes its connection') await surroundings.close(way)
      if (way === 'hangs') await until(calm)
      if (way === 'ignores the signal') await rest(Math.random() * LONG_MS, calm)
      if (way === 'honours the signal') await rest(Math.random() * LONG_MS, calm, signal)
      if (signal.aborted && way === 'honours the signal') return undefined
      if (way === 'returns later') await delay(5)
      if (way === 'returns' && first !== undefined && program.times[first.payload.n] === 1) {
        for (const { delivery } of items) account.done(delivery)
        return undefined
      }
      return items.map((item) => resultOf(surroundings, item))
    } finally {
      end(`ends a batch, ${way}`)
    }
  }
}

function resultOf(
  surroundings: Surroundings,
  { payload: { n }, delivery }: BatchItem<Task>,
): PromiseSettledResult<void> {
  const way = wayOf(surroundings, n)
  const reasons: Partial<Record<Way, Error>> = {
    throws: new Error('this one fails'),
    rejects: new Error('this one fails'),
    'throws Reject': new Reject('this one for good'),
    'throws Retry': new Retry({ afterMs: 1 }),
  }
  const reason = reasons[way]
  if (reason !== undefined) return { status: 'rejected', reason }
  surroundings.account.done(delivery)
  return { status: 'fulfilled', value: undefined }
}

/** Begins, does as the message has it, and notes the end. */
function follow(
  surroundings: Surroundings,
  n: number,
  delivery: Delivery,
  act: (work: Work, way: Way) => unknown,
): unknown {
  const { account, worker } = surroundings
  const { end } = account.begin(worker, [n], [delivery])
  const way = wayOf(surroundings, n)
  try {
    const result = act({ ...surroundings, delivery, done: () => account.done(delivery) }, way)
    if (result instanceof Promise) {
      result.then(
        () => end(`ends: ${way}`),
        () => end(`fails: ${way}`),
      )
    } else end(`returned: ${way}`)
    return result
  } catch (error) {
    end(`threw: ${way}`)
    throw error
  }
}

/** What the message asks for, for the first few times that it is handled. */
function wayOf({ program, account }: Surroundings, n: number): Way {
  const isStill = account.entryOf(n).begun <= (program.times[n] ?? 0)
  return isStill ? (program.ways[n] ?? 'returns') : 'returns'
}

function returns({ done }: Work): void {
  done()
}

const LONG: Partial<Record<Way, (work: Work) => Promise<boolean>>> = {
  'returns later': async () => {
    await delay(Math.random() * 60)
    return true
  },
  hangs: async ({ calm }) => {
    await until(calm)
    return true
  },
  'honours the signal': async ({ calm, delivery: { signal }, worker: { acknowledge } }) => {
    await rest(Math.random() * LONG_MS, calm, signal)
    // What was acknowledged first belongs to no other attempt.
    return !signal.aborted || acknowledge === 'none'
  },
  'ignores the signal': async ({ calm }) => {
    await rest(Math.random() * LONG_MS, calm)
    return true
  },
  'closes its worker': async ({ close }) => {
    await close('closes its worker')
    return true
  },
  'closes its connection': async ({ close }) => {
    await close('closes its connection')
    return true
  },
}

/** Does it, and notes that it is done unless it was stopped. */
async function long(work: Work, way: Way): Promise<boolean> {
  const isDone = (await LONG[way]?.(work)) ?? true
  if (isDone) work.done()
  return isDone
}

function throws(): never {
  throw new Error('it fails')
}

async function rejects(): Promise<never> {
  await delay(1)
  throw new Error('it fails later')
}

const PLAIN: Partial<Record<Way, (work: Work) => unknown>> = {
  ...Object.fromEntries((Object.keys(LONG) as Way[]).map((way) => [way, (work: Work) => ends(long(work, way))])),
  'returns a thenable': (work) =>
    thenable((resolve) => {
      work.done()
      setTimeout(resolve, 1)
    }),
  throws,
  rejects,
  'throws Reject': () => {
    throw new Reject('never')
  },
  'throws Retry': () => {
    throw new Retry({ afterMs: 1 })
  },
}

/** No promise, and yet something to wait for. */
function thenable(then: (resolve: () => void) => void): unknown {
  return { then }
}

async function ends(work: Promise<boolean>): Promise<void> {
  await work
}

type ManualWork = Work & { readonly delivery: ManualDelivery }

function acks({ done, delivery }: ManualWork): void {
  done()
  void delivery.ack()
}

const MANUAL: Partial<Record<Way, (work: ManualWork) => unknown>> = {
  ...Object.fromEntries(
    (Object.keys(LONG) as Way[]).map((way) => [
      way,
      async (work: ManualWork) => {
        if (await long(work, way)) await work.delivery.ack()
      },
    ]),
  ),
  throws,
  rejects,
  'throws Reject': async ({ delivery }) => void (await delivery.deadLetter('never')),
  'throws Retry': async ({ delivery }) => void (await delivery.retry({ afterMs: 1 })),
  'settles twice': async ({ done, delivery }) => {
    done()
    await Promise.all([delivery.ack(), delivery.retry()])
  },
  'acks first': async ({ done, delivery, calm }) => {
    // It answers for the rest itself.
    done()
    await delivery.ack()
    await rest(LONG_MS / 5, calm)
  },
  'throws after its ack': async ({ done, delivery }) => {
    done()
    await delivery.ack()
    throw new Error('too late')
  },
  requeues: async ({ delivery }) => void (await delivery.requeue()),
  'decides nothing': (work) => {
    if (work.calm.aborted) acks(work)
  },
}

/** For so long, or until it is to be calm, or aborted. */
async function rest(ms: number, calm: AbortSignal, signal?: AbortSignal): Promise<void> {
  const either = signal === undefined ? calm : AbortSignal.any([calm, signal])
  await delay(ms, undefined, { signal: either }).catch(() => undefined)
}

async function until(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
