import { expect } from 'vitest'
import { type Connection, Producer } from '../../src/index.js'
import { stranger } from './stranger.js'
import { eventually, type tasks } from './support.js'

/** The task that comes back. */
export const SUSPECT = 13

/**
 * Has another program take what is in the queue of `tasks`, and lose its channel over that, as a process does that ends.
 *
 * @param expected - how many there are
 */
export async function takeAndLose(url: string, expected: number): Promise<void> {
  await using other = await stranger(url)
  let taken = 0
  await other.channel.prefetch(expected)
  await other.channel.consume('tasks', () => {
    taken += 1
  })
  await eventually(() => expect(taken).toBe(expected))
}

/**
 * Sends {@link SUSPECT}, has one program lose it, and another one hold it.
 *
 * @returns has it lost again, for good: it comes to another consumer, which suspects it
 */
export async function suspect(rabbit: Connection, url: string, contract: typeof tasks): Promise<() => Promise<void>> {
  await new Producer(rabbit, contract).send({ n: SUSPECT })
  await takeAndLose(url, 1)
  const holder = await stranger(url)
  let held = 0
  await holder.channel.prefetch(1)
  await holder.channel.consume('tasks', () => {
    held += 1
  })
  await eventually(() => expect(held).toBe(1))
  return async () => await holder[Symbol.asyncDispose]()
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
