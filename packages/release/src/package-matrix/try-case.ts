import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Outcome, tryCommand } from '../command.js'
import type { Packed } from '../pack.js'
import type { Case } from './cases.js'
import type { Install } from './project.js'

/** Tries one way of using the packages in a project of its own. @returns whether it does what it is to do, and what was printed */
export async function tryCase(wanted: Case, packed: readonly Packed[], install: Install): Promise<Outcome> {
  const project = await mkdtemp(join(tmpdir(), 'leveret-project-'))
  try {
    await install(project, packed, wanted.tools)
    for (const [path, text] of Object.entries(wanted.files)) await addFile(project, path, text)
    let output = ''
    for (const step of wanted.steps) {
      const outcome = await tryCommand(process.execPath, step, { cwd: project })
      output += outcome.output
      if (!outcome.ok) return { ok: wanted.isRefused === true && wanted.prints.test(output), output }
    }
    return { ok: wanted.isRefused !== true && wanted.prints.test(output), output }
  } finally {
    await rm(project, { recursive: true, force: true })
  }
}

/** Writes a file of the project. A package.json is merged with the one that is there, which names what is installed. */
async function addFile(project: string, path: string, text: string): Promise<void> {
  const file = join(project, path)
  await mkdir(dirname(file), { recursive: true })
  if (path !== 'package.json') return await writeFile(file, text)
  const { default: before } = (await import(file, { with: { type: 'json' } })) as { default: object }
  await writeFile(file, JSON.stringify({ ...before, ...(JSON.parse(text) as object) }))
}
