import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repository, textOf } from './documents.js'

const source = join(repository, 'packages/leveret/src')
const page = textOf('ARCHITECTURE.md')

describe('ARCHITECTURE.md', () => {
  test('says of each room of the source what holds there', () => {
    const rooms = readdirSync(source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => relative(source, join(entry.parentPath, entry.name)))
    const unnamed = rooms.filter(
      (room) => !room.startsWith('contract/') && !page.includes(`](packages/leveret/src/${room})`),
    )
    expect(unnamed.filter((room) => room !== 'rpc')).toEqual([])
  })

  test('names each package', () => {
    const packages = readdirSync(join(repository, 'packages'))
    const others = packages.filter((name) => name !== 'leveret' && !page.includes(`](packages/${name})`))
    expect(others).toEqual([])
  })

  test.for([
    ['ARCHITECTURE.md', 120],
    ['CONTRIBUTING.md', 60],
    ['AGENTS.md', 60],
    ['README.md', 200],
  ] as const)('%s has at most %i lines', ([document, most]) => {
    expect(textOf(document).trimEnd().split('\n').length).toBeLessThanOrEqual(most)
  })
})
