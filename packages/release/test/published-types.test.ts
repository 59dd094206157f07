import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { packAll } from '../src/pack.js'
import { installOffline } from '../src/package-matrix/project.js'
import { COMPILERS, tryTypes } from '../src/type-matrix/try-types.js'

// `npm run matrix -- types` tries every TypeScript with both. These are the ends, and what is quick.
const folder = await mkdtemp(join(tmpdir(), 'leveret-types-'))
afterAll(async () => await rm(folder, { recursive: true, force: true }))
const packed = await packAll(join(folder, 'packed'))

async function installedWith(zod: string): Promise<string> {
  const installed = join(folder, zod)
  await mkdir(installed)
  await installOffline(installed, packed, [...COMPILERS, '@types/node'], zod)
  return installed
}

test.for(['zod', 'zod-4.0'])(
  'the published types compile with TypeScript 7 and %s, and nothing is any',
  async (zod) => {
    expect(await tryTypes(await installedWith(zod), 'typescript')).toEqual({ ok: true, output: '' })
  },
)
