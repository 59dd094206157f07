import { readFile, writeFile } from 'node:fs/promises'
import { conformanceCases, conformancePage } from '@leveret/conformance'
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
