import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Outcome, tryCommand } from '../command.js'
import type { Case } from './case.js'

/**
 * Tries one way of using the packages, in a folder whose `node_modules` holds what it needs.
 *
 * @returns whether the outcome is the expected one, and what was printed
 */
export async function tryCase({ files, steps, prints, isRefused = false }: Case, project: string): Promise<Outcome> {
  for (const [path, text] of Object.entries(files)) await addFile(project, path, text)
  let output = ''
  let ok = true
  for (const step of steps) {
    if (!ok) break
    const outcome = await tryCommand(process.execPath, step, { cwd: project })
    output += outcome.output
    ok = outcome.ok
  }
  return { ok: ok === !isRefused && prints.test(output), output }
}

/** Writes a file of the project. A package.json is merged with the existing one, which lists what is installed. */
async function addFile(project: string, path: string, text: string): Promise<void> {
  const file = join(project, path)
  await mkdir(dirname(file), { recursive: true })
  if (path !== 'package.json') return await writeFile(file, text)
  const before = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as object
  await writeFile(file, JSON.stringify({ ...before, ...(JSON.parse(text) as object) }))
}
