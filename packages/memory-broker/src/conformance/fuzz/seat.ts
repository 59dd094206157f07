import type { Version } from '../../broker/rules/profile.js'
import { Lab } from '../lab.js'
import { EXCHANGES_OF_PROGRAMS, type Program, QUEUES_OF_PROGRAMS } from './program.js'
import { runProgram } from './run-program.js'

/** A vhost of a broker, in which programs are run one after the other. */
export interface SeatOptions {
  /** Of a vhost that is empty, and that nobody else uses. */
  readonly url: string
  readonly version: Version
  /** What the broker is given to come to rest after each step. */
  readonly settleMs: number
}

/** How often a queue is deleted that is still locked by a connection that has just been closed. */
const TRIES = 50
const AGAIN_MS = 20

/** Where programs are run. A vhost costs a real broker more than a program does, so it is emptied after each. */
export class Seat {
  readonly #options: SeatOptions
  readonly #lab: Lab

  constructor(options: SeatOptions) {
    this.#options = options
    this.#lab = new Lab(options)
  }

  /** Runs a program, and deletes what it leaves. @returns what was seen, a line for each thing */
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
