import { describe, expect, test } from 'vitest'
import { readArguments, UsageError } from '../src/arguments.js'

const known = ['publish', 'consume', 'recovery'] as const
const read = (...args: string[]) => readArguments(args, known)

describe('the command line', () => {
  test('without a program means all of them, at full length', () => {
    expect(read()).toEqual({
      do: 'measure',
      programs: known,
      effort: { quick: false, rounds: 5, messages: undefined },
    })
  })

  test('names programs, which run in their own order', () => {
    expect(read('recovery', 'publish', '--quick', '--rounds', '7', '--messages=40')).toEqual({
      do: 'measure',
      programs: ['publish', 'recovery'],
      effort: { quick: true, rounds: 7, messages: 40 },
    })
  })

  test('asks for help, whatever else it says', () => {
    expect(read('publish', '--help')).toEqual({ do: 'help' })
  })

  test.for([['nothing-known'], ['--fast'], ['--rounds', '0'], ['--messages', '1.5']])('%j is refused', (args) => {
    expect(() => read(...args)).toThrow(UsageError)
  })
})
