import { readFile, writeFile } from 'node:fs/promises'
import { conformanceCases, conformancePage } from '@leveret/memory-broker/conformance'
import { expect, test } from 'vitest'

const page = new URL('../../../docs/memory-broker-conformance.md', import.meta.url)

test('the page of what RabbitMQ does is made of the cases (LEVERET_WRITE=1 makes it again)', async () => {
  const text = conformancePage(conformanceCases)
  if (process.env.LEVERET_WRITE === '1') await writeFile(page, text)
  expect(await readFile(page, 'utf8')).toBe(text)
})

test('no two cases have one name', () => {
  const names = conformanceCases.map(({ area, name }) => `${area}: ${name}`)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  expect(names.length).toBeGreaterThanOrEqual(150)
})

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
