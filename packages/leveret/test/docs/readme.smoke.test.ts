import { describe, expect, test } from 'vitest'
import { blocksOf, textOf } from './documents.js'
import { holdBlocks } from './programs.js'

describe.for(['README.md', 'packages/leveret/README.md'])('%s', (readme) => {
  const text = textOf(readme)
  const blocks = blocksOf(text, readme)

  test('begins with a program that a stranger can run', () => {
    expect(blocks[0]).toMatchObject({ kind: 'program', prints: { isOrdered: true } })
  })

  holdBlocks(blocks)
})

test('both say the same commands to begin with', () => {
  const commandsIn = (readme: string): string[] => textOf(readme).match(/^(?:npm|npx tsc) .+$/gm) ?? []
  expect(commandsIn('README.md').length).toBeGreaterThan(3)
  expect(commandsIn('packages/leveret/README.md')).toEqual(commandsIn('README.md'))
})
