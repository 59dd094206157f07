import { AsyncLocalStorage } from 'node:async_hooks'
import type { z } from 'zod'
import type { Connection, Worker, WorkerEvents, WorkQueue } from '../../../src/index.js'
import { others, settlements } from './entry.js'
import type { Task } from './handlers.js'
import type { Account, Worked } from './model.js'
import type { Way } from './program.js'

/** How much longer than its time a close may take, on a busy machine. */
const CLOSE_MARGIN_MS = 6_000

/** A worker of the tasks of a run. */
export type TaskWorker = Worker<WorkQueue<z.ZodType<Task, Task>>>

/** What a seat is made of. */
export interface SeatOptions {
  readonly worked: Worked
  readonly connection: Connection
  readonly account: Account
  /** @param close - what a handler calls that closes its worker, or its connection */
  make(close: (way: Way) => Promise<void>): TaskWorker
  /** A close of the connection has resolved. */
  connectionClosed(): void
}

/** A worker of a run, and the connection that it is on. */
export class Seat {
  readonly worked: Worked
  readonly worker: TaskWorker
  readonly connection: Connection
  readonly #account: Account
  readonly #connectionClosed: () => void
  /** Runs what must not seem to come from a handler. */
  readonly #outside = AsyncLocalStorage.snapshot()
  #isClosing = false
  #runningAtEnd = 0

  constructor({ worked, connection, account, make, connectionClosed }: SeatOptions) {
    this.worked = worked
    this.connection = connection
    this.#account = account
    this.#connectionClosed = connectionClosed
    this.worker = make((way) => this.#closeHere(way))
    for (const name of settlements) {
      this.worker.on(`delivery.${name}`, (event: WorkerEvents['delivery.acked']) =>
        account.settled(worked, name, event),
      )
    }
    for (const name of others) this.worker.on(name, (event: object) => account.reported(worked, name, event))
  }

  get isOpen(): boolean {
    return !this.#isClosing && this.connection.health().live
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#within('close', timeoutMs, () => this.worker.close({ timeoutMs }))
    this.closed()
  }

  async closeConnection(timeoutMs: number): Promise<void> {
    await this.#within('close the connection', timeoutMs, () => this.connection.close({ timeoutMs }))
    this.#connectionClosed()
  }

  /** From now on nothing begins, and running handlers have been reported. */
  closed(): void {
    if (this.worked.isClosed) return
    this.worked.isClosed = true
    this.#runningAtEnd = this.#account.allRunningOf(this.worked)
  }

  /** Its last event may come a moment after the promise of a connection that closes. */
  check(): void {
    if (this.#runningAtEnd > 0 && !this.worked.toldIncomplete)
      this.#account.breach(
        `${this.worked.name} has closed and did not tell that ${this.#runningAtEnd} handlers still run`,
      )
  }

  async #within(what: string, timeoutMs: number, act: () => Promise<void>): Promise<void> {
    const { name } = this.worked
    const account = this.#account
    this.#isClosing = true
    account.step(`${name}: ${what} within ${timeoutMs} ms`)
    const sinceMs = performance.now()
    await act().catch((error: unknown) => account.breach(`${name}: ${what} rejected: ${error}`))
    const tookMs = Math.round(performance.now() - sinceMs)
    account.step(`${name}: ${what} took ${tookMs} ms`)
    if (tookMs > timeoutMs + CLOSE_MARGIN_MS) account.breach(`${what} within ${timeoutMs} ms took ${tookMs} ms`)
  }

  async #closeHere(way: Way): Promise<void> {
    const closesWorker = way === 'closes its worker'
    this.#isClosing = true
    this.#account.step(`${this.worked.name} ${way} in its handler`)
    await (closesWorker ? this.worker : this.connection).close({ timeoutMs: 4_000 })
    // Here it does not wait for this handler; there it does.
    void this.#outside(() => (closesWorker ? this.close(4_000) : this.closeConnection(4_000)))
  }
}
