import { describe, expect, test } from 'vitest'
import * as library from '../../src/index.js'
import { blocksOf, documents, textOf } from './documents.js'
import { holdBlocks } from './programs.js'

const pages = documents().filter((document) => document.startsWith('docs/'))

describe('each page', () => {
  const others = pages.filter((page) => page !== 'docs/README.md')

  test('begins with what its reader can do after it', () => {
    const silent = others.filter((page) => !/^# [^\n]+\n\nAfter (?:reading )?this page,? you /.test(textOf(page)))
    expect(silent).toEqual([])
  })

  test('stands in the index', () => {
    const index = textOf('docs/README.md')
    expect(others.filter((page) => !index.includes(`](${page.slice('docs/'.length)})`))).toEqual([])
  })

  test('names errors that exist', () => {
    const names = new Set(
      pages.flatMap((page) => [...textOf(page).matchAll(/`([A-Z]\w+Error)`/g)].map(([, name = '']) => name)),
    )
    expect([...names].filter((name) => !(name in library))).toEqual([])
  })
})

describe('the code of the pages, and of the packages for tests', () => {
  const all = [
    ...pages,
    'packages/testing/README.md',
    'packages/memory-broker/README.md',
    'packages/conformance/README.md',
  ]
  holdBlocks(all.flatMap((page) => blocksOf(textOf(page), page)))
})
