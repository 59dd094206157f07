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

  test('takes one round for a quick look, where it says nothing else', () => {
    expect(read('--quick')).toMatchObject({ effort: { quick: true, rounds: 1 } })
    expect(read('--quick', '--rounds', '3')).toMatchObject({ effort: { quick: true, rounds: 3 } })
  })

  test('may name one kind of queue', () => {
    expect(read('publish', '--queue', 'quorum')).toMatchObject({ effort: { queue: 'quorum' } })
  })

  test('asks for help, whatever else it says', () => {
    expect(read('publish', '--help')).toEqual({ do: 'help' })
  })

  test.for([['nothing-known'], ['--fast'], ['--rounds', '0'], ['--messages', '1.5'], ['--queue', 'stream']])(
    '%j is refused',
    (args) => {
      expect(() => read(...args)).toThrow(UsageError)
    },
  )
})
