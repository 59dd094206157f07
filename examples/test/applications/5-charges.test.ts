import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const run = promisify(execFile)
const examples = fileURLToPath(new URL('../../', import.meta.url))
const charges = 'applications/5-charges'

const settings = {
  testEnvironment: 'node',
  // Node.js runs the ES modules as they are.
  transform: {},
  testMatch: ['**/*.jest.mjs'],
}

// Jest is 60 MB of packages that nothing else here needs: it is installed for this test, and removed with it.
test('handlers are tested under Jest as they are under Vitest', { timeout: 180_000 }, async () => {
  mkdirSync(join(examples, 'dist'), { recursive: true })
  const folder = mkdtempSync(join(examples, 'dist/jest-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(settings))
  copyFileSync(join(examples, 'dist', charges, 'charge.js'), join(folder, 'charge.js'))
  copyFileSync(join(examples, charges, 'charge.jest.mjs'), join(folder, 'charge.jest.mjs'))
  await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', 'jest@30.5.2'], {
    cwd: folder,
  })

  const { stderr } = await run(process.execPath, ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'], {
    cwd: folder,
  })
  expect(stderr).toContain('2 passed, 2 total')
})
