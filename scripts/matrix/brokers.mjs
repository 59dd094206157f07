import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareContainer } from '../set-up/broker.mjs'
import { tryCommand } from '../set-up/command.mjs'
import { say } from '../set-up/report.mjs'
import { root } from '../set-up/repository.mjs'
import { closingLines, runTests } from '../set-up/test-run.mjs'
import { markdown } from './table.mjs'

const VERSIONS = ['3.10', '4.0', '4.3']
/** One of each kind. */
const FAULTS = ['reset', 'closed', 'queue-deleted', 'client-killed', 'memory-alarm', 'kill']

/**
 * Runs the tests of leveret and of its examples, and a short survival run, on each RabbitMQ, in containers.
 *
 * @returns {Promise<import('./table.mjs').Matrix>}
 */
export async function brokerMatrix() {
  const rows = []
  const failures = []
  for (const version of VERSIONS) {
    const { env, close } = await prepareContainer(version)
    try {
      const why = `RabbitMQ ${version} in a container`
      const tests = await runTests({ name: version, broker: { why }, env, args: ['packages/leveret', 'examples'] })
      failures.push(...tests.failures.map((failure) => `${version}: ${failure}`))
      const survival = await survive(version, env)
      rows.push({
        cells: [version, closingLines([{ ...tests, failures: [] }]), survival.said],
        ok: tests.failed === 0 && survival.ok,
      })
    } finally {
      await close?.()
    }
  }
  for (const failure of failures) say(failure)
  const table = markdown(
    ['RabbitMQ', 'tests', `survival of ${FAULTS.join(', ')}`],
    rows.map(({ cells }) => cells),
  )
  return { table, ok: rows.every(({ ok }) => ok) }
}

/** @param {string} version @param {NodeJS.ProcessEnv} env */
async function survive(version, env) {
  say(`survival on RabbitMQ ${version}`)
  const directory = await mkdtemp(join(tmpdir(), 'leveret-matrix-'))
  const program = join(root, 'packages/survival/dist/main.js')
  const args = [program, ...FAULTS, '--quick', '--seed', '1', '--report', join(directory, 'report.md')]
  const { ok, output } = await tryCommand(process.execPath, args, { env })
  process.stdout.write(output)
  await rm(directory, { recursive: true, force: true })
  return { ok, said: output.trim().split('\n').at(-1) ?? '' }
}
