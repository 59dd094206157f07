import { describe, expect, test } from 'vitest'
import { readArguments, UsageError } from '../src/arguments.js'

const known = { single: ['kill', 'reset', 'absent'], cluster: ['leader-killed'], soak: ['kill', 'reset'] }
const read = (...args: string[]) => readArguments(args, known, 7)
const usual = { quick: false, seed: 7, messages: undefined, kills: undefined, report: 'survival-report.md' }

describe('the command line', () => {
  test('without a fault means all of them, in full', () => {
    const names = ['kill', 'reset', 'absent', 'leader-killed']
    expect(read()).toEqual({ do: 'faults', names, effort: usual })
  })

  test('names faults, which are done in their own order', () => {
    const effort = { ...usual, quick: true, report: 'here.md' }
    expect(read('reset', 'kill', '--quick', '--report', 'here.md')).toEqual({
      do: 'faults',
      names: ['kill', 'reset'],
      effort,
    })
  })

  test('may mean a cluster only, with so many messages and kills', () => {
    const effort = { ...usual, messages: 200_000, kills: 10 }
    expect(read('--cluster', '--messages', '200000', '--kills=10')).toEqual({
      do: 'faults',
      names: ['leader-killed'],
      effort,
    })
  })

  test('may mean a soak, of what can be done to one client for long', () => {
    const effort = { ...usual, seed: 3 }
    expect(read('--minutes', '30', '--seed', '3')).toEqual({
      do: 'soak',
      names: ['kill', 'reset'],
      minutes: 30,
      effort,
    })
    expect(read('--minutes', '30', 'kill')).toMatchObject({ names: ['kill'] })
  })

  test.for(['--list', '--help'])('with %s asks for nothing else', (option) => {
    expect(read('kill', option)).toEqual({ do: option.slice(2) })
  })

  test.for([
    ['unheard-of'],
    ['--fast'],
    ['--kills', '0'],
    ['--minutes', '1.5'],
    ['--seed', 'x'],
    ['--minutes', '1', 'absent'],
    ['--minutes', '1', '--cluster'],
  ])('%j is refused', (args) => {
    expect(() => read(...args)).toThrow(UsageError)
  })
})
