import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/** The scripts that `npm run house` measures with. */
const house = (file: string): string => new URL(`../../../../scripts/house/${file}`, import.meta.url).href

interface DocComments {
  docComments(source: string): readonly { readonly line: number; readonly text: string; readonly isHeadless: boolean }[]
  longCommentLines(source: string): readonly number[]
}

interface Sources {
  sourceFolders(): readonly string[]
  sourcesOf(folder: string): readonly { readonly path: string; readonly text: string }[]
}

const { docComments, longCommentLines } = (await import(house('doc-comments.mjs'))) as DocComments
interface Phrases {
  phrasesInSource(source: string): readonly { readonly line: number; readonly text: string }[]
  phrasesInPage(page: string): readonly { readonly line: number; readonly text: string }[]
}

const { sourceFolders, sourcesOf } = (await import(house('sources.mjs'))) as Sources
const { phrasesInSource, phrasesInPage } = (await import(house('phrases.mjs'))) as Phrases

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** Pages that record decisions and changes of the past. They are not held to the list of phrases yet. */
const RECORDS = new Set(['CHANGELOG.md', 'DESIGN.md'])

/** The share of doc comments of a package that may begin without a subject or a verb. */
const MAX_HEADLESS = 0.05

describe.for(sourceFolders())('the comments of %s', (folder) => {
  const sources = sourcesOf(folder)

  test('begin with a noun or a verb (`npm run house -- <folder>` lists those that do not)', () => {
    const comments = sources.flatMap(({ path, text }) => docComments(text).map((comment) => ({ path, ...comment })))
    const headless = comments.filter(({ isHeadless }) => isHeadless)
    const listed = headless.map(({ path, line, text }) => `${path}:${line} ${text}`)
    expect(headless.length <= MAX_HEADLESS * comments.length ? [] : listed).toEqual([])
  })

  test('keep to 120 columns', () => {
    expect(sources.flatMap(({ path, text }) => longCommentLines(text).map((line) => `${path}:${line}`))).toEqual([])
  })
})

/** `scripts/house/phrases.mjs` has the list, and a plain word for each phrase. */
describe('no phrase that a reader has to decode', () => {
  test.for([...sourceFolders(), ...sourceFolders().map((folder) => folder.replace(/src$/, 'test'))])(
    'is in the comments, texts and test names of %s',
    (folder) => {
      const sources = existsSync(`${root}/${folder}`) ? sourcesOf(folder) : []
      const found = sources.flatMap(({ path, text }) =>
        phrasesInSource(text).map((phrase) => `${path}:${phrase.line} ${phrase.text}`),
      )
      expect(found).toEqual([])
    },
  )

  test('is on a page', () => {
    const folders = ['', 'docs', 'docs/migration', ...readdirSync(`${root}/packages`).map((name) => `packages/${name}`)]
    const pages = folders.flatMap((folder) =>
      readdirSync(`${root}/${folder}`).flatMap((name) => (name.endsWith('.md') ? [`${folder}/${name}`] : [])),
    )
    const found = pages.flatMap((page) =>
      RECORDS.has(page.slice(1))
        ? []
        : phrasesInPage(readFileSync(`${root}/${page}`, 'utf8')).map(({ line, text }) => `${page}:${line} ${text}`),
    )
    expect(found).toEqual([])
  })
})
