import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { foregroundCommand } from './set-up/command.mjs'
import { prepareExampleBroker } from './set-up/example-broker.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report, SetUpError, say } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

// npm run example 02-work-queue/new-task -- "First message."
// Where no RabbitMQ answers, the first program brings a broker in memory, and the others find it.
await report(async () => {
  const [name = '', ...args] = process.argv.slice(2)
  checkNodeVersion()
  await installDependencies()
  await build()
  const program = join(root, 'examples/dist', `${name}.js`)
  if (!(await examples()).includes(name)) {
    throw new SetUpError(`there is no example ${JSON.stringify(name)}`, `take one of ${(await examples()).join(', ')}`)
  }
  const broker = await prepareExampleBroker()
  try {
    say(`RabbitMQ: ${broker.why}`)
    return await foregroundCommand(process.execPath, [program, ...args], { env: broker.env })
  } finally {
    await broker.close?.()
  }
})

/** @returns {Promise<string[]>} their names, such as 01-hello/send */
async function examples() {
  const names = []
  for (const folder of await readdir(join(root, 'examples'))) {
    if (!/^\d\d-/.test(folder)) continue
    for (const file of await readdir(join(root, 'examples', folder))) {
      const name = `${folder}/${file.replace(/\.ts$/, '')}`
      if (file.endsWith('.ts') && (await isProgram(name))) names.push(name)
    }
  }
  return names.sort()
}

/** A file that exports something is part of a program. @param {string} name */
async function isProgram(name) {
  return !/^export /m.test(await readFile(join(root, 'examples', `${name}.ts`), 'utf8').catch(() => 'export '))
}
