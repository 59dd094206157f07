import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { publishedPackages, repository } from '../src/published.js'

const read = (path: string): string => readFileSync(join(repository, path), 'utf8')

test('all published packages have one version, and changesets keeps it so', () => {
  const packages = publishedPackages()
  expect(new Set(packages.map(({ manifest }) => manifest.version)).size).toBe(1)
  const { fixed, access, baseBranch } = JSON.parse(read('.changeset/config.json'))
  expect({ fixed, access, baseBranch }).toEqual({
    fixed: [['leveret', '@leveret/*']],
    access: 'public',
    baseBranch: 'main',
  })
  expect(packages.filter(({ name }) => !/^leveret$|^@leveret\//.test(name))).toEqual([])
})

test('every workflow names its actions by the hash of a commit, and holds no token', () => {
  const folder = '.github/workflows'
  for (const file of readdirSync(join(repository, folder))) {
    const text = read(join(folder, file))
    const uses = [...text.matchAll(/uses: (.+)/g)].map(([, action = '']) => action)
    expect(uses.length, file).toBeGreaterThan(0)
    for (const action of uses) expect(action, file).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    expect(text, file).toMatch(/^permissions: \{\}$/m)
    expect(text, file).not.toMatch(/secrets\.|_TOKEN/)
  }
})

test('RELEASING.md names commands that there are', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const named = [...read('RELEASING.md').matchAll(/`npm run ([a-z]+)/g)].map(([, name = '']) => name)
  expect(named.length).toBeGreaterThan(3)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})
