import { isDeepStrictEqual } from 'node:util'
import type { Version } from '../../broker/rules/profile.js'
import { type Program, programOf } from './program.js'
import { runProgram } from './run-program.js'
import { shrink } from './shrink.js'

/** A broker that programs are run on. */
export interface Side {
  /** Makes a vhost. @returns its URL, and what deletes it */
  vhost(): Promise<{ readonly url: string; readonly remove: () => Promise<void> }>
  readonly settleMs: number
}

/** A program that two brokers do not do alike. */
export interface Disagreement {
  readonly seed: number
  readonly program: Program
  readonly left: readonly string[]
  readonly right: readonly string[]
}

/** A broker that is busy is given more time before it is said to disagree. */
const PATIENCE = 6

/** Runs the program of a seed on both sides. @returns the smallest program that they disagree about, if they do */
export async function compare(
  seed: number,
  sides: readonly [Side, Side],
  version: Version,
): Promise<Disagreement | undefined> {
  const program = programOf(seed)
  if (await agree(program, sides, version, 1)) return undefined
  if (await agree(program, sides, version, PATIENCE)) return undefined
  const smallest = await shrink(program, async (smaller) => !(await agree(smaller, sides, version, PATIENCE)))
  const [left, right] = await both(smallest, sides, version, PATIENCE)
  return { seed, program: smallest, left, right }
}

async function agree(
  program: Program,
  sides: readonly [Side, Side],
  version: Version,
  patience: number,
): Promise<boolean> {
  const [left, right] = await both(program, sides, version, patience)
  return isDeepStrictEqual(left, right)
}

async function both(program: Program, [left, right]: readonly [Side, Side], version: Version, patience: number) {
  return Promise.all([see(program, left, version, patience), see(program, right, version, patience)])
}

async function see(program: Program, side: Side, version: Version, patience: number): Promise<readonly string[]> {
  const { url, remove } = await side.vhost()
  try {
    return await runProgram(program, { url, version, settleMs: side.settleMs * patience })
  } finally {
    await remove()
  }
}
