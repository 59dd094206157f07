import type { Program } from './program.js'

/** Removes steps as long as the program still shows the same. @param isStill - whether a program still shows it */
export async function shrink(program: Program, isStill: (smaller: Program) => Promise<boolean>): Promise<Program> {
  let smallest = program
  for (let size = Math.ceil(program.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < smallest.length; ) {
      const smaller = [...smallest.slice(0, from), ...smallest.slice(from + size)]
      if (await isStill(smaller)) smallest = smaller
      else from += size
    }
  }
  return smallest
}
