import { isDeepStrictEqual } from 'node:util'
import { type Program, programOf } from './program.js'
import type { Seat } from './seat.js'
import { shrink } from './shrink.js'

/** A program with different results on two brokers. */
export interface Disagreement {
  readonly seed: number
  readonly program: Program
  readonly left: readonly string[]
  readonly right: readonly string[]
}

/** How many times longer a second run waits, because a busy broker may only have been slow. */
const PATIENCE = 6

/** The seats of two brokers. */
export type Seats = readonly [Seat, Seat]

/** Runs the program of a seed on both brokers. @returns the smallest program with different results, if there is one */
export async function compare(seed: number, seats: Seats): Promise<Disagreement | undefined> {
  const program = programOf(seed)
  if (await agree(program, seats, 1)) return undefined
  if (await agree(program, seats, PATIENCE)) return undefined
  const smallest = await shrink(program, async (smaller) => !(await agree(smaller, seats, PATIENCE)))
  const [left, right] = await both(smallest, seats, PATIENCE)
  return { seed, program: smallest, left, right }
}

async function agree(program: Program, seats: Seats, patience: number): Promise<boolean> {
  const [left, right] = await both(program, seats, patience)
  return isDeepStrictEqual(left, right)
}

function both(program: Program, [left, right]: Seats, patience: number) {
  return Promise.all([left.run(program, patience), right.run(program, patience)])
}
