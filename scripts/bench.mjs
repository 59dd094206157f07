import { join } from 'node:path'
import { prepareBroker } from './set-up/broker.mjs'
import { foregroundCommand } from './set-up/command.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

// npm run bench -- publish --quick: everything it takes, then the measuring programs named, or all, on a real RabbitMQ.
await report(async () => {
  const args = process.argv.slice(2)
  checkNodeVersion()
  await installDependencies()
  await build()
  const broker = args.includes('--help') ? { env: {} } : await prepareBroker()
  return foregroundCommand(process.execPath, [join(root, 'packages/bench/dist/main.js'), ...args], { env: broker.env })
})
