import { writeFile } from 'node:fs/promises'
import { brokerMatrix } from './matrix/brokers.mjs'
import { clientMatrix } from './matrix/clients.mjs'
import { packageMatrix, typeMatrix } from './matrix/published.mjs'
import { wireMatrix } from './matrix/wire.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report, SetUpError } from './set-up/report.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

/** @type {Record<string, () => Promise<import('./matrix/table.mjs').Matrix>>} */
const matrices = {
  clients: clientMatrix,
  brokers: brokerMatrix,
  packages: packageMatrix,
  types: typeMatrix,
  wire: wireMatrix,
}

// npm run matrix -- clients: what is published, on each Node.js. brokers: every test, on each RabbitMQ. packages: what is published, with
// each module system, compiler, bundler and test runner. types: its types, with each TypeScript and zod. wire: the last release against HEAD.
await report(async () => {
  const [name = '', file] = process.argv.slice(2)
  const matrix = matrices[name]
  if (matrix === undefined)
    throw new SetUpError('which matrix?', `npm run matrix -- ${Object.keys(matrices).join(' | ')} [file]`)
  checkNodeVersion()
  await installDependencies()
  await build()
  const { table, ok } = await matrix()
  process.stdout.write(`\n${table}\n`)
  if (file !== undefined) await writeFile(file, `${table}\n`)
  return ok ? 0 : 1
})
