import { eventually } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { type Running, start } from './programs.js'

/** A service that is half migrated: the program that was there, and those on leveret, on one broker. */
export interface Migration {
  old(program: string, ...words: string[]): Running
  leveret(program: string, ...words: string[]): Running
}

/** @param library - the folder of its programs */
export function migration(library: string, env: Record<string, string>): Migration {
  return {
    old: (program, ...words) => start(library, 'legacy', env, program, ...words),
    leveret: (program, ...words) => start(library, program, env, ...words),
  }
}

/** Runs a program to its end. @returns what it printed */
export async function ran(program: Running): Promise<readonly string[]> {
  expect(await program.ended(), program.lines.join('\n')).toBe(0)
  return program.lines
}

/** Waits until several programs have printed each of these numbers after this word, and no other. */
export async function told(word: string, programs: readonly Running[], expected: readonly number[]): Promise<void> {
  const numbers = (): number[] =>
    programs
      .flatMap(({ lines }) => lines)
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => Number(line.slice(word.length)))
      .sort((one, other) => one - other)
  await eventually(() => expect(numbers()).toEqual(expected))
}
