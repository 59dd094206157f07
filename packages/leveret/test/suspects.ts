import type { FaultProxy } from '@leveret/testing'
import { expect } from 'vitest'
import { type Connection, type Delivery, Producer, Worker } from '../src/index.js'
import { eventually, type tasks } from './support.js'

/** The task that comes back. */
export const SUSPECT = 13

/**
 * Sends {@link SUSPECT}, and has a worker of its own hold it and lose it once.
 *
 * @param lossy - a connection over this proxy, which is good for nothing afterwards
 * @returns has it lost again, for good: it comes to whoever else consumes, who suspects it
 */
export async function suspect(lossy: Connection, proxy: FaultProxy, contract: typeof tasks): Promise<() => void> {
  let begun = 0
  const handler = async (_task: unknown, { signal }: Delivery): Promise<void> => {
    begun += 1
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const holder = new Worker(lossy, contract, handler, { concurrency: 1 })
  await holder.start()
  await new Producer(lossy, contract).send({ n: SUSPECT })
  await eventually(() => expect(begun).toBe(1))
  proxy.reset()
  await eventually(() => expect(begun).toBe(2))
  return () => {
    proxy.refuse()
    proxy.reset()
  }
}

/** What a worker handles, and with what else at the same time. */
export class Crowd {
  readonly running = new Set<number>()
  /** In the order in which they began. */
  readonly begun: number[] = []
  readonly ended = new Set<number>()
  /** What was being handled when the suspect began, itself among it. */
  besideSuspect: readonly number[] | undefined
  /** How many were being handled at once, at most, since the suspect ended. */
  mostAfterwards = 0
  readonly #holds = new Map<number, Promise<void>>()
  readonly #failing = new Set<number>()

  /** These do not end before the promise resolves. */
  hold(numbers: readonly number[], until: Promise<void>): void {
    for (const n of numbers) this.#holds.set(n, until)
  }

  /** Its first attempt fails. */
  failOnce(n: number): void {
    this.#failing.add(n)
  }

  async handle({ n }: { n: number }): Promise<void> {
    this.running.add(n)
    this.begun.push(n)
    if (n === SUSPECT) this.besideSuspect = [...this.running]
    if (this.ended.has(SUSPECT)) this.mostAfterwards = Math.max(this.mostAfterwards, this.running.size)
    await this.#holds.get(n)
    this.running.delete(n)
    if (this.#failing.delete(n)) throw new Error('the first time it fails')
    this.ended.add(n)
  }
}
