import type { Version } from '@leveret/memory-broker'
import { Lab } from '../lab.js'
import { EXCHANGES_OF_PROGRAMS, type Program, QUEUES_OF_PROGRAMS } from './program.js'
import { runProgram } from './run-program.js'

/** Options of {@link Seat}. */
export interface SeatOptions {
  /** URL of an empty vhost that is not shared. */
  readonly url: string
  readonly version: Version
  /** How long the broker gets to come to rest after each step, in milliseconds. */
  readonly settleMs: number
}

/** How often to try to delete a queue that a connection closed a moment ago still locks. */
const TRIES = 50
const AGAIN_MS = 20

/**
 * Runs programs in one vhost. A new vhost costs a real broker more than a program, so this one is emptied after each.
 */
export class Seat {
  readonly #options: SeatOptions
  readonly #lab: Lab

  constructor(options: SeatOptions) {
    this.#options = options
    this.#lab = new Lab(options)
  }

  /** Runs a program, and deletes what it leaves. @returns what was observed, one line each */
  async run(program: Program, patience: number): Promise<readonly string[]> {
    const { settleMs, ...options } = this.#options
    try {
      return await runProgram(program, { ...options, settleMs: settleMs * patience })
    } finally {
      await this.#empty()
    }
  }

  close(): Promise<void> {
    return this.#lab.end()
  }

  async #empty(): Promise<void> {
    for (const queue of QUEUES_OF_PROGRAMS) await this.#delete(queue)
    const channel = await this.#lab.channel()
    for (const exchange of EXCHANGES_OF_PROGRAMS) await channel.call('exchange.delete', { exchange })
    await channel.close()
  }

  async #delete(queue: string): Promise<void> {
    let outcome = ''
    for (let tries = 0; tries < TRIES; tries += 1) {
      const channel = await this.#lab.channel()
      outcome = await this.#lab.outcome(channel.call('queue.delete', { queue }))
      if (outcome === 'ok') return await channel.close()
      await this.#lab.settle(AGAIN_MS)
    }
    throw new Error(`'${queue}' cannot be deleted: ${outcome}`)
  }
}
