import { fileURLToPath } from 'node:url'
import { eventually } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { application, type Peer, type Running, start } from '../programs.js'

/** A service that is half migrated: the program that was there, and the one on leveret, on one broker. */
export interface Migration {
  old(program: string, ...words: string[]): Running
  leveret(program: string, ...words: string[]): Running
}

export function migration(folder: string, env: Record<string, string>): Migration {
  const source = fileURLToPath(new URL(`../../applications/${folder}/`, import.meta.url))
  const old: Peer = {
    name: 'the old one',
    command: process.execPath,
    argumentsOf: (program) => [`${source}legacy.mjs`, program],
  }
  return {
    old: (program, ...words) => start(old, program, env, ...words),
    leveret: (program, ...words) => start(application(folder), program, env, ...words),
  }
}

/** Runs a program to its end. @returns what it printed */
export async function ran(program: Running): Promise<readonly string[]> {
  expect(await program.ended(), program.lines.join('\n')).toBe(0)
  return program.lines
}

/** Waits until several programs have told of each of these numbers after this word, and of no other. */
export async function told(word: string, programs: readonly Running[], expected: readonly number[]): Promise<void> {
  const numbers = (): number[] =>
    programs
      .flatMap(({ lines }) => lines)
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => Number(line.slice(word.length)))
      .sort((one, other) => one - other)
  await eventually(() => expect(numbers()).toEqual(expected))
}
