import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

test('the test of ten lines that the README of @leveret/testing shows is one of these', async () => {
  const readme = await readFile(new URL('../../testing/README.md', import.meta.url), 'utf8')
  expect(readme).toContain(await readFile(new URL('thumbnails.test.ts', import.meta.url), 'utf8'))
})

test('the README says what leveret’s own tests leave out on it, and why', async () => {
  const { leftOut } = (await import(new URL('../../../scripts/set-up/memory-run.mjs', import.meta.url).href)) as LeftOut
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const rows = leftOut.map(({ why, files }) => `| ${files.map((file) => `\`${file}\``).join(', ')} | ${why} |`)
  expect(readme).toContain(['| tests | why |', '| --- | --- |', ...rows].join('\n'))
})

interface LeftOut {
  readonly leftOut: readonly { readonly why: string; readonly files: readonly string[] }[]
}
