import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll } from '../pack.js'
import { type Matrix, markdown } from '../table.js'
import { cases } from './cases.js'
import { installFromRegistry } from './project.js'
import { tryCase } from './try-case.js'

/**
 * Tries each way of using the published packages. Each gets a folder of its own, in which `npm init -y` and `npm
 * install` have run.
 *
 * @param words - limits the run to the ways whose names contain one of these words. Default: all ways
 */
export async function packageMatrix(words: readonly string[]): Promise<Matrix> {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-matrix-'))
  try {
    const packed = await packAll(join(folder, 'packed'))
    const wanted = cases.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
    const rows: { readonly cells: readonly string[]; readonly ok: boolean }[] = []
    for (const [index, each] of wanted.entries()) {
      const project = join(folder, `project-${index}`)
      await mkdir(project)
      await installFromRegistry(project, packed, each.tools)
      const { ok, output } = await tryCase(each, project)
      process.stdout.write(`${ok ? '✓' : '✗'} ${each.name}\n${ok ? '' : `${output}\n`}`)
      const came = each.isRefused ? 'does not work' : 'works'
      rows.push({ cells: [each.name, each.settings, ok ? came : 'FAILED'], ok })
      await rm(project, { recursive: true, force: true })
    }
    const table = markdown(
      ['what you have', 'settings', ''],
      rows.map(({ cells }) => cells),
    )
    return { table: `Node.js ${process.versions.node}\n\n${table}`, ok: rows.every(({ ok }) => ok) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
