import { join } from 'node:path'
import { prepareAnyBroker, prepareBroker } from './set-up/broker.mjs'
import { foregroundCommand } from './set-up/command.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

// npm run demo: everything it takes, then the main job. The demo starts and removes the broker itself: a real RabbitMQ where one can be
// had, else one in memory. npm run demo -- --broker rabbitmq insists on a real one, and installs it if need be.
await report(async () => {
  checkNodeVersion()
  await installDependencies()
  await build()
  const args = process.argv.slice(2)
  const insists = args.join(' ').includes('--broker rabbitmq')
  const broker = await (insists ? prepareBroker() : prepareAnyBroker())
  return foregroundCommand(process.execPath, [join(root, 'packages/demo/dist/main.js'), ...args], {
    env: broker.env,
  })
})
