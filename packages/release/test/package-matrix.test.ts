import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { packAll } from '../src/pack.js'
import { cases } from '../src/package-matrix/cases.js'
import { page, withTable } from '../src/package-matrix/page.js'
import { installOffline } from '../src/package-matrix/project.js'
import { tryCase } from '../src/package-matrix/try-case.js'

const folder = await mkdtemp(join(tmpdir(), 'leveret-matrix-'))
afterAll(async () => await rm(folder, { recursive: true, force: true }))
const quick = cases.filter(({ isQuick }) => isQuick)
const tools = new Set(quick.flatMap((each) => each.tools))
await installOffline(folder, await packAll(join(folder, 'packed')), [...tools])

test('docs/commonjs-and-bundlers.md has the table of these ways: `npm run api` renews it', async () => {
  const text = await readFile(page, 'utf8')
  expect(text).toBe(withTable(text))
  for (const { name } of quick) expect(text).toContain(`| ${name} |`)
})

for (const each of quick) {
  test(`${each.name}: ${each.isRefused ? 'does not work, as the page says' : 'works with the settings of the page'}`, async () => {
    const project = await mkdtemp(join(folder, 'project-'))
    await symlink(join(folder, 'node_modules'), join(project, 'node_modules'))
    const { ok, output } = await tryCase(each, project)
    expect(ok, output).toBe(true)
  })
}
