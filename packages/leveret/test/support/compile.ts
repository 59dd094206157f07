import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)
const path = (from: string): string => fileURLToPath(new URL(from, import.meta.url))

const settings = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [path('../../../../node_modules/@types')],
    paths: {
      leveret: [path('../../dist/index.d.ts')],
      zod: [path('../../node_modules/zod/index.d.ts')],
      '@leveret/*': [path('../../../*/dist/index.d.ts').replace('%2A', '*')],
    },
  },
  files: ['program.mts'],
}

/** Has the compiler check a program that imports the built library. @returns whether it has no errors, and what the compiler printed */
export async function compile(program: string, ...flags: string[]): Promise<{ isValid: boolean; printed: string }> {
  const folder = await projectOf(program)
  return await run(path('../../../../node_modules/.bin/tsc'), ['-p', folder, ...flags]).then(
    ({ stdout }) => ({ isValid: true, printed: stdout }),
    ({ stdout }: { stdout: string }) => ({ isValid: false, printed: stdout }),
  )
}

/** Writes a program that imports the built library, as `program.mts` of a project. @returns the folder, which goes with the test */
export async function projectOf(program: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-types-'))
  onTestFinished(async () => await rm(folder, { recursive: true }))
  await writeFile(join(folder, 'program.mts'), program)
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  return folder
}
