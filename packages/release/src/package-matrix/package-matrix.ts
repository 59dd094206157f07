import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll } from '../pack.js'
import { cases } from './cases.js'
import { fromRegistry, fromWorkspace } from './project.js'
import { tryCase } from './try-case.js'

export async function packageMatrix(words: readonly string[]): Promise<{ table: string; ok: boolean }> {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-packed-'))
  try {
    const packed = await packAll(folder)
    const install = process.env.LINKED ? fromWorkspace : fromRegistry
    const rows: string[] = []
    let isOk = true
    for (const each of cases.filter(({ name }) => words.every((word) => name.includes(word)))) {
      const t = performance.now()
      const { ok, output } = await tryCase(each, packed, install)
      isOk &&= ok
      console.log(each.name, ok, Math.round(performance.now() - t))
      if (!ok) console.log(output.slice(0, 3000))
      rows.push(`| ${each.name} | ${each.settings} | ${ok ? (each.isRefused ? 'refused' : 'works') : 'FAILED'} |`)
    }
    return { table: rows.join('\n'), ok: isOk }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
