import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command } from '../set-up/command.mjs'
import { say } from '../set-up/report.mjs'
import { manifest, root } from '../set-up/repository.mjs'

/** The last packed release. When there is a published one, it takes the place of this commit. */
export const PREVIOUS = { version: '0.1.0', commit: '1043bfe' }

const next = 'the whole history is needed (`git fetch --unshallow`), and the npm registry'

/**
 * Builds and packs leveret as it was at the last release, from the history, and installs it as a user does. It is kept in the cache.
 *
 * @returns {Promise<string>} the folder in whose `node_modules` it is
 */
export async function previousRelease() {
  const kept = join(root, 'node_modules/.cache/leveret', `previous-${PREVIOUS.commit}`)
  if ((await readFile(join(kept, 'package.json'), 'utf8').catch(() => '')) !== '') return kept
  say(`building ${PREVIOUS.version} of commit ${PREVIOUS.commit}`)
  const folder = await mkdtemp(join(tmpdir(), 'leveret-previous-'))
  try {
    const project = await install(folder, await pack(folder))
    await rm(kept, { recursive: true, force: true })
    await mkdir(join(root, 'node_modules/.cache/leveret'), { recursive: true })
    await rename(project, kept).catch(() => command('cp', ['-r', project, kept]))
    return kept
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder @returns {Promise<string>} the path of the `.tgz` */
async function pack(folder) {
  const source = join(folder, 'source')
  await mkdir(source)
  await command('git', ['archive', '--output', join(folder, 'source.tar'), PREVIOUS.commit], { cwd: root, next })
  await command('tar', ['-xf', join(folder, 'source.tar'), '-C', source])
  const pnpm = ['--yes', manifest().packageManager]
  const only = ['--filter', 'leveret', '--filter', '.']
  await command('npx', [...pnpm, 'install', '--frozen-lockfile', '--ignore-scripts', ...only], { cwd: source, next })
  await command(join(source, 'node_modules/.bin/tsc'), ['--build', 'packages/leveret'], { cwd: source })
  const packed = join(folder, 'packed')
  await mkdir(packed)
  await command('npx', [...pnpm, 'pack', '--pack-destination', packed], { cwd: join(source, 'packages/leveret') })
  const [tarball = ''] = await readdir(packed)
  return join(packed, tarball)
}

/** @param {string} folder @param {string} tarball @returns {Promise<string>} */
async function install(folder, tarball) {
  const project = join(folder, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), '{ "private": true }')
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await command('npm', ['install', ...quietly, tarball, 'zod@4'], { cwd: project, next })
  return project
}
