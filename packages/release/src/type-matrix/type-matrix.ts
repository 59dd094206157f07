import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll } from '../pack.js'
import { installFromRegistry } from '../package-matrix/project.js'
import { type Matrix, markdown } from '../table.js'
import { COMPILERS, tryTypes } from './try-types.js'

const ZODS = ['zod@4.0.0', 'zod@4'] as const

/** Compiles a program against the published packages, with each TypeScript, and with the oldest and the newest zod. */
export async function typeMatrix(): Promise<Matrix> {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-types-'))
  try {
    const packed = await packAll(join(folder, 'packed'))
    const rows: string[][] = COMPILERS.map((compiler) => [compiler])
    let ok = true
    for (const zod of ZODS) {
      const installed = join(folder, zod.replace('@', '-'))
      await mkdir(installed)
      await installFromRegistry(installed, packed, [...COMPILERS, '@types/node'], zod)
      for (const [index, compiler] of COMPILERS.entries()) {
        const outcome = await tryTypes(installed, compiler)
        process.stdout.write(`${outcome.ok ? '✓' : '✗'} ${compiler}, ${zod}\n${outcome.output}`)
        rows[index]?.push(outcome.ok ? 'compiles' : 'FAILED')
        ok &&= outcome.ok
      }
    }
    return { table: markdown(['TypeScript', ...ZODS], rows), ok }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
