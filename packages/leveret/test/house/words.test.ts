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
const { sourceFolders, sourcesOf } = (await import(house('sources.mjs'))) as Sources

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
