import { join } from 'node:path'
import { foregroundCommand } from './set-up/command.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

// npm run api: writes what can be imported from each published package to etc/, where a review sees what has changed.
await report(async () => {
  checkNodeVersion()
  await installDependencies()
  await build()
  return foregroundCommand(process.execPath, [join(root, 'packages/release/dist/write-reports.js')])
})
