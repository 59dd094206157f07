import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))

async function survival(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
  })
  return stdout
}

test('two faults are done to a real client, survived, and reported; one that needs its own broker is not done', async ({
  broker,
}) => {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-survival-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const report = join(directory, 'report.md')
  const env = { RABBITMQ_URL: broker.url, RABBITMQ_MANAGEMENT_URL: broker.managementUrl }
  const text = await survival(['missing-exchange', 'poison', 'kill', '--quick', '--report', report], env)
  expect(text).toContain('All 2 were survived. 1 could not be done here.')
  const rows = readFileSync(report, 'utf8')
    .split('\n')
    .filter((line) => /^\| (missing-exchange|poison) \|( ✓ \|)+$/.test(line))
  expect(rows).toHaveLength(2)
}, 120_000)

test('the list names every fault, and needs no broker', async () => {
  expect(await survival(['--list'])).toMatch(/^reset .*leader-killed .*partition /s)
})
