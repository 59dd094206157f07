import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, tryCommand } from './set-up/command.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { packAll } from './set-up/packing.mjs'
import { report, SetUpError, say } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

/** @typedef {import('./set-up/packing.mjs').Packed} Packed */

// npm run release: builds and packs what would be published, and has npm check it, without publishing (`npm publish --dry-run`).
// npm run release -- --publish: publishes each version that the registry does not have yet. The release workflow does that.
await report(async () => {
  const args = process.argv.slice(2)
  if (args.some((arg) => arg !== '--publish'))
    throw new SetUpError('unknown argument', 'npm run release [-- --publish]')
  const isReal = args.includes('--publish')
  checkNodeVersion()
  if (isReal) await checkTree()
  await installDependencies()
  await clean()
  await build()
  const folder = await mkdtemp(join(tmpdir(), 'leveret-release-'))
  try {
    for (const packed of await packAll(folder)) await publish(packed, isReal)
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** What is published is what is committed. */
async function checkTree() {
  const changed = await command('git', ['status', '--porcelain'], { cwd: root })
  if (changed !== '') throw new SetUpError('the checkout has changes', 'commit them, or remove them')
}

/** The compiler leaves what it made of sources that have moved since, and that would be packed too. */
async function clean() {
  for (const name of await readdir(join(root, 'packages'))) {
    await rm(join(root, 'packages', name, 'dist'), { recursive: true, force: true })
    await rm(join(root, 'packages', name, 'tsconfig.tsbuildinfo'), { force: true })
  }
}

/** @param {Packed} packed @param {boolean} isReal */
async function publish({ name, manifest: { version }, tarball }, isReal) {
  const { ok, output } = await tryCommand('npm', ['view', `${name}@${version}`, 'version'])
  if (ok && output.trim() !== '') return say(`${name} ${version} is published already`)
  // A pre-release does not take the place of what `npm install` gives.
  const tag = version.includes('-') ? 'next' : 'latest'
  const how = isReal ? ['--provenance'] : ['--dry-run']
  const args = ['publish', tarball, '--access', 'public', '--tag', tag, ...how]
  process.stdout.write(await command('npm', args, { cwd: root, next: 'read what npm says above' }))
  say(`${name} ${version}: ${isReal ? 'published' : 'would be published'}`)
}
