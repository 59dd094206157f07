import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareContainer } from '../set-up/broker.mjs'
import { say } from '../set-up/report.mjs'
import { root } from '../set-up/repository.mjs'
import { runTests } from '../set-up/test-run.mjs'
import { PREVIOUS, previousRelease } from './previous.mjs'
import { markdown } from './table.mjs'

const VERSIONS = ['3.10', '4.3']
const CONFIG = 'packages/release/vitest.wire.config.ts'

/**
 * Runs the last release against the code of this repository, in both directions, on each RabbitMQ, in containers. With `RABBITMQ_URL` set, on
 * that one alone.
 *
 * @returns {Promise<import('./table.mjs').Matrix>}
 */
export async function wireMatrix() {
  const LEVERET_PREVIOUS = await previousRelease()
  const given = process.env.RABBITMQ_URL === undefined ? VERSIONS : ['given']
  /** @type {Map<string, string[]>} */
  const rows = new Map()
  let ok = true
  for (const version of given) {
    const ready = version === 'given' ? { env: {}, close: undefined } : await prepareContainer(version)
    try {
      const env = { ...ready.env, LEVERET_PREVIOUS }
      const run = { name: `wire-${version}`, broker: { why: `RabbitMQ ${version}` }, env, args: ['--config', CONFIG] }
      const { failed, passed, failures } = await runTests(run)
      ok &&= failed === 0 && passed > 0
      for (const failure of failures) say(failure)
      for (const { name, status } of await resultsOf(run.name)) rows.set(name, [...(rows.get(name) ?? []), status])
    } finally {
      await ready.close?.()
    }
  }
  const headings = [`${PREVIOUS.version} (${PREVIOUS.commit}) and HEAD`, ...given]
  return {
    table: markdown(
      headings,
      [...rows].map(([name, cells]) => [name, ...cells]),
    ),
    ok,
  }
}

/** @param {string} run @returns {Promise<{ name: string, status: string }[]>} */
async function resultsOf(run) {
  const results = JSON.parse(await readFile(join(root, 'node_modules/.cache/leveret', `${run}.json`), 'utf8'))
  /** @type {{ assertionResults: { fullName: string, status: string }[] }[]} */
  const files = results.testResults
  return files.flatMap((file) => file.assertionResults.map(({ fullName, status }) => ({ name: fullName, status })))
}
