import { join } from 'node:path'
import { prepareBroker } from './set-up/broker.mjs'
import { foregroundCommand } from './set-up/command.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

// npm run survival -- kill reset --quick: everything it takes, then the faults named, or all, done to a real RabbitMQ.
await report(async () => {
  const args = process.argv.slice(2)
  checkNodeVersion()
  await installDependencies()
  await build()
  const needsNone = args.includes('--help') || args.includes('--list')
  const broker = needsNone ? { env: {} } : await prepareBroker()
  const program = join(root, 'packages/survival/dist/main.js')
  return foregroundCommand(process.execPath, [program, ...args], { env: broker.env })
})
