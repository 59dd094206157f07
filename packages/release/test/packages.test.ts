import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { tryCommand } from '../src/command.js'
import { packAll } from '../src/pack.js'

const folder = mkdtempSync(join(tmpdir(), 'leveret-packed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const packed = await packAll(folder)
const bin = (name: string): string => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url))

test('three packages or more are published', () => {
  expect(packed.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['leveret', '@leveret/testing', '@leveret/memory-broker']),
  )
})

describe.for(packed)('$name', ({ name, short, tarball, manifest }) => {
  test('publint finds no problem', async () => {
    const { output } = await tryCommand(bin('publint'), [tarball, '--strict'])
    expect(output).toContain('All good!')
  })

  test('its types are right for an ES module, and node10, which reads no `exports`, finds each entry point', async () => {
    const { ok, output } = await tryCommand(bin('attw'), [tarball, '--profile', 'esm-only', '--format', 'json'])
    expect(ok, output).toBe(true)
    const { analysis } = JSON.parse(output) as { analysis: { entrypoints: Record<string, { resolutions: object }> } }
    const entries = Object.entries(analysis.entrypoints)
    expect(entries.length).toBeGreaterThan(0)
    for (const [entry, { resolutions }] of entries) {
      expect(resolutions, entry).toHaveProperty('node10.resolution.fileName')
    }
  })

  test('says where its code, its page and its issues are', () => {
    expect(manifest.repository).toEqual({
      type: 'git',
      url: 'git+https://github.com/leveret/leveret.git',
      directory: `packages/${short}`,
    })
    expect(manifest.homepage).toBe(`https://github.com/leveret/leveret/tree/main/packages/${short}#readme`)
    expect(manifest.bugs).toBe('https://github.com/leveret/leveret/issues')
    expect(name === 'leveret' || name.startsWith('@leveret/')).toBe(true)
  })
})
