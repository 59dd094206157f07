import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { FaultProxy } from '@leveret/testing'
import { z } from 'zod'
import {
  type Codec,
  type Connection,
  connect,
  type DeduplicationStore,
  json,
  LeveretError,
  MemoryDeduplicationStore,
  Worker,
  type WorkQueue,
  workQueue,
} from '../../../src/index.js'
import { frontOf, interceptorOf } from './fronts.js'
import { batchHandlerOf, handlerOf, manualHandlerOf, type Task } from './handlers.js'
import type { Account, Worked } from './model.js'
import type { Program, Step, Way, WorkerPlan } from './program.js'
import { keyOf } from './rules.js'
import { Seat, type TaskWorker } from './seat.js'

/** So that what is warned of on purpose is no process warning. */
const SILENT = { debug: noted, info: noted, warn: noted, error: noted }

function noted(): void {}

function isDeleting(step: Step): boolean {
  return step.do === 'delete the queue'
}

const task = z.object({ n: z.int(), key: z.int() })
const checkedLate = task.refine(async () => {
  await delay(Math.random() * 3)
  return true
})

/** The contract of a run's queue, whose codec notes what is read. */
export function contractOf(name: string, { queue }: Program, account: Account): WorkQueue<z.ZodType<Task, Task>> {
  const { type, singleActive, maxPriority, retry, keepsLetters, checksLate } = queue
  const retries = {
    delays: { delaysMs: [40, 80] },
    native: { native: { minMs: 50, maxMs: 100, attempts: 4 } },
    none: false,
  }
  const codec: Codec = {
    ...json,
    decode: (content) => {
      const payload = json.decode(content) as Task
      account.decoded(payload.n)
      return payload
    },
  }
  return workQueue(name, {
    payload: (checksLate ? checkedLate : task) as z.ZodType<Task, Task>,
    codec,
    queue: { type, singleActive, ...(maxPriority === undefined ? {} : { maxPriority }) },
    retry: retries[retry] as { delaysMs: readonly number[] },
    ...(keepsLetters ? {} : { deadLetter: false as const }),
  })
}

/** What the workers of a run share. */
export interface StageOptions {
  readonly program: Program
  readonly account: Account
  /** Of the vhost, and the same through a wire that can fail. */
  readonly url: string
  readonly proxy: FaultProxy
  readonly queue: string
}

/** Where one run takes place. */
export class Stage {
  readonly options: StageOptions
  readonly contract: WorkQueue<z.ZodType<Task, Task>>
  readonly seats: Seat[] = []
  readonly calm = new AbortController()
  readonly #stores = new Map<string, DeduplicationStore>()
  readonly #connections: Connection[] = []
  readonly #quick = new MemoryDeduplicationStore()

  constructor(options: StageOptions) {
    this.options = options
    setMaxListeners(0, this.calm.signal)
    this.contract = contractOf(options.queue, options.program, options.account)
  }

  /** What was begun and has not resolved, in words. */
  readonly unresolved = new Set<string>()

  /** The workers that have not been closed. */
  get open(): Seat[] {
    return this.seats.filter(({ isOpen }) => isOpen)
  }

  /** Starts a worker. @param isClean - on a connection of its own that does not fail, with nothing special */
  async start(plan: WorkerPlan, isClean = false): Promise<Seat> {
    const { account } = this.options
    // A handler of another worker may be closing the connection that they share.
    const last = this.open.findLast((seat) => seat.connection.state !== 'closing')
    const connection = last === undefined || plan.connects || isClean ? await this.#connect(isClean) : last.connection
    const worked = { name: `w${this.seats.length + 1}`, ...plan, isClosed: false, toldIncomplete: false }
    const seat = new Seat({
      worked,
      connection,
      account,
      make: (close) => this.#workerOf(plan, worked, connection, close),
      connectionClosed: () => this.#closed(connection),
    })
    this.seats.push(seat)
    account.step(`${worked.name} starts`)
    const started = seat.worker.start().then(
      () => account.step(`${worked.name} has started`),
      (error: unknown) => {
        // A queue that is deleted between its declaration and its consumer refuses a start.
        const mayBe = error instanceof LeveretError && (!seat.isOpen || this.options.program.steps.some(isDeleting))
        if (!mayBe) account.breach(`${worked.name} could not start: ${error}`)
      },
    )
    this.waitFor(started, `the start of ${worked.name}`)
    return seat
  }

  /** Something must resolve some time, and must not reject. */
  waitFor(work: Promise<void> | undefined, what: string): void {
    const { account } = this.options
    const named = `${what} at ${account.atMs} ms`
    this.unresolved.add(named)
    Promise.resolve(work).then(
      () => this.unresolved.delete(named),
      (error: unknown) => account.breach(`${named} rejected: ${error}`),
    )
  }

  /** Ends every connection. */
  async end(): Promise<void> {
    await Promise.all(this.#connections.map(async (connection) => await connection.close({ timeoutMs: 500 })))
  }

  async #connect(isClean: boolean): Promise<Connection> {
    const { url, proxy, program, account } = this.options
    const interceptors = isClean ? [] : program.interceptors.map((kind) => interceptorOf(kind, program.seed))
    const connection = await connect(isClean ? url : proxy.urlFor(url), {
      interceptors,
      name: `run-${program.seed}`,
      logger: SILENT,
    })
    connection.on('disconnected', ({ reason }) => account.lost(reason))
    this.#connections.push(connection)
    return connection
  }

  /** Its workers may do nothing any more. */
  #closed(connection: Connection): void {
    for (const seat of this.seats) if (seat.connection === connection) seat.closed()
  }

  #workerOf(plan: WorkerPlan, worked: Worked, connection: Connection, close: (way: Way) => Promise<void>): TaskWorker {
    const { program, account } = this.options
    const { acknowledge, concurrency, prefetch, handlerTimeoutMs, batch, isolation, isOrdered, store } = plan
    const surroundings = { program, account, worker: worked, calm: this.calm.signal, close }
    const options = {
      concurrency,
      prefetch,
      handlerTimeoutMs,
      isolation,
      breaker: plan.breaker && { failureRate: 0.5, minAttempts: 10, windowMs: 1_000, pauseMs: 300 },
      ...(isOrdered ? { orderBy: ({ key }: Task) => key } : {}),
      ...(store === undefined ? {} : { deduplicate: { store: this.#storeOf(store), ttlMs: 600_000 } }),
    }
    if (batch !== undefined) {
      const { orderBy: _none, ...others } = { orderBy: undefined, ...options, prefetch: Math.max(prefetch, batch.size) }
      return new Worker(connection, this.contract, batchHandlerOf(surroundings), { ...others, batch })
    }
    if (acknowledge === 'manual') {
      return new Worker(connection, this.contract, manualHandlerOf(surroundings), { ...options, acknowledge })
    }
    return new Worker(connection, this.contract, handlerOf(surroundings), { ...options, acknowledge })
  }

  /** One for all workers of the run, behind one of several fronts. */
  #storeOf(kind: NonNullable<WorkerPlan['store']>): DeduplicationStore {
    const store = this.#stores.get(kind) ?? frontOf(this.#quick, kind)
    this.#stores.set(kind, store)
    return store
  }
}

/** What is sent. */
export function taskOf(n: number): Task {
  return { n, key: keyOf(n) }
}
