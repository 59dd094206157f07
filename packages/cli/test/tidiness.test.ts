import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src', import.meta.url))
const paths = readdirSync(src, { recursive: true, encoding: 'utf8' })
const files = paths.filter((path) => path.endsWith('.ts'))

test('no folder holds more than twenty files', () => {
  const folders = ['', ...paths.filter((path) => statSync(join(src, path)).isDirectory())]
  const counts = folders.map((folder) => [folder, readdirSync(join(src, folder)).length] as const)
  expect(counts.filter(([, count]) => count > 20)).toEqual([])
})

test('contracts as documents ask no broker, and know no commands', () => {
  const wrong = files.filter(
    (path) =>
      path.startsWith('contracts/') &&
      /from '(\.\.\/)+(broker|commands|program|terminal|doctor|topology)\//.test(readFileSync(join(src, path), 'utf8')),
  )
  expect(wrong).toEqual([])
})

test('nothing is evaluated', () => {
  expect(files.filter((path) => /\beval\(|new Function\(|node:vm/.test(readFileSync(join(src, path), 'utf8')))).toEqual(
    [],
  )
})
