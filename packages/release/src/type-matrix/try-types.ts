import { mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Outcome, tryCommand } from '../command.js'
import { program } from './program.js'

/** The compilers that must accept the published types, by their names in `node_modules`. */
export const COMPILERS = ['typescript-5.4', 'typescript-5.9', 'typescript-6', 'typescript'] as const

/** Compiler settings of the program. The published declarations are checked too (`skipLibCheck: false`). */
const settings = {
  compilerOptions: {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  },
  files: ['program.mts'],
}

/**
 * Compiles a program against the published packages, in a folder beside `node_modules`.
 * @returns whether it compiles, and what the compiler printed
 */
export async function tryTypes(installed: string, compiler: (typeof COMPILERS)[number]): Promise<Outcome> {
  const project = await mkdtemp(join(installed, 'types-'))
  await symlink(join(installed, 'node_modules'), join(project, 'node_modules'))
  await writeFile(join(project, 'program.mts'), program)
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(settings))
  return await tryCommand(process.execPath, [`node_modules/${compiler}/bin/tsc`, '-p', '.'], { cwd: project })
}
