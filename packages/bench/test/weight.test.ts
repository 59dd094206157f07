import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { weigh } from '../src/install/weight.js'

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-weight-'))
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), content)
  }
  return folder
}

test('every package counts once, nested and scoped ones too, and all of its files', async () => {
  const folder = await folderWith({
    'node_modules/.package-lock.json': 'not a package',
    'node_modules/plain/package.json': '{}',
    'node_modules/plain/lib/package.json': 'says how modules are read',
    'node_modules/plain/node_modules/nested/package.json': '{}',
    'node_modules/@of/scope/package.json': '{}',
    'node_modules/zod/package.json': '{}',
    'node_modules/zod/large.js': 'not counted',
  })
  expect(await weigh(folder, new Set(['zod']))).toEqual({ packages: 3, bytes: 2 * 3 + 25 })
})
