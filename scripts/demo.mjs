import { join } from 'node:path'
import { prepareBroker } from './set-up/broker.mjs'
import { foregroundCommand } from './set-up/command.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

// npm run demo: everything it takes, then the main job on a real RabbitMQ. The demo starts and removes the broker itself.
await report(async () => {
  checkNodeVersion()
  await installDependencies()
  await build()
  const broker = await prepareBroker()
  return foregroundCommand(process.execPath, [join(root, 'packages/demo/dist/main.js'), ...process.argv.slice(2)], {
    env: broker.env,
  })
})
