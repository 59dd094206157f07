import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { foregroundCommand } from './set-up/command.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report, SetUpError } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

// npm run example 02-work-queue/new-task -- "First message."
await report(async () => {
  const [name = '', ...args] = process.argv.slice(2)
  checkNodeVersion()
  await installDependencies()
  await build()
  const program = join(root, 'examples/dist', `${name}.js`)
  if (!/^[\w-]+\/[\w-]+$/.test(name) || !(await exists(program))) {
    throw new SetUpError(`there is no example ${JSON.stringify(name)}`, `take one of ${(await examples()).join(', ')}`)
  }
  return foregroundCommand(process.execPath, [program, ...args], {
    env: { RABBITMQ_URL: process.env.RABBITMQ_URL || 'amqp://localhost' },
  })
})

/** @returns {Promise<string[]>} their names, such as 01-hello/send */
async function examples() {
  const names = []
  for (const folder of await readdir(join(root, 'examples'))) {
    if (!/^\d\d-/.test(folder)) continue
    const files = await readdir(join(root, 'examples', folder))
    for (const file of files) if (/^[\w-]+\.ts$/.test(file)) names.push(`${folder}/${file.slice(0, -3)}`)
  }
  return names.sort()
}

/** @param {string} file */
async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  )
}
