import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const repository = fileURLToPath(new URL('../../../..', import.meta.url))
const measuring = new URL('../../../../scripts/house/doc-comments.mjs', import.meta.url).href

interface DocComments {
  docComments(source: string): readonly { readonly line: number; readonly text: string; readonly isHeadless: boolean }[]
  longCommentLines(source: string): readonly number[]
}

/** The share of doc comments of a package that may begin without a subject or a verb. */
const MAX_HEADLESS = 0.05

describe.for(packagesWithSource())('the comments of packages/%s', (name) => {
  const folder = join(repository, 'packages', name, 'src')
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }))

  test('begin with a noun or a verb (npm run house -- packages/<name>/src lists those that do not)', async () => {
    const { docComments } = (await import(measuring)) as DocComments
    const comments = sources.flatMap(({ file, text }) => docComments(text).map((comment) => ({ file, ...comment })))
    const headless = comments.filter(({ isHeadless }) => isHeadless)
    const listed = headless.map(({ file, line, text }) => `${file}:${line} ${text}`)
    expect(headless.length <= MAX_HEADLESS * comments.length ? [] : listed).toEqual([])
  })

  test('keep to 120 columns', async () => {
    const { longCommentLines } = (await import(measuring)) as DocComments
    expect(sources.flatMap(({ file, text }) => longCommentLines(text).map((line) => `${file}:${line}`))).toEqual([])
  })
})

function packagesWithSource(): string[] {
  return readdirSync(join(repository, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(repository, 'packages', entry.name)).includes('src'))
    .map(({ name }) => name)
}
