import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Effort } from '../arguments.js'
import { packages as clients } from '../clients/clients.js'
import { median } from '../rounds.js'
import { type Column, figure, renderTable } from '../table.js'
import { versionOf } from '../versions.js'
import { weigh } from './weight.js'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../../../', import.meta.url))

/** Packages that are installed with a client, because it needs them as peers. */
const WITH: Readonly<Record<string, readonly string[]>> = {
  leveret: ['zod'],
  'amqp-connection-manager': ['amqplib'],
  rascal: ['amqplib'],
}
const TARGET = { packages: 6, megabytes: 2 }

const columns: readonly Column[] = [
  { heading: 'client', align: 'left' },
  { heading: 'packages', align: 'right' },
  { heading: 'MB', align: 'right' },
  { heading: 'import ms', align: 'right' },
  { heading: 'CPU ms', align: 'right' },
  { heading: 'target', align: 'left' },
]

/**
 * Measures the packages of a client, installed by npm into an empty folder, and the time of its import.
 *
 * @returns the table
 */
export async function install(_broker: unknown, { quick }: Effort): Promise<string> {
  const names = quick ? clients.slice(0, 2) : clients
  const rows: string[][] = []
  for (const name of names) rows.push(await rowOf(name, quick ? 5 : 15))
  const title = 'install: with peer dependencies, zod not counted; import: median of fresh processes'
  return `${title}\n\n${renderTable(columns, rows)}`
}

async function rowOf(name: string, times: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-bench-'))
  try {
    await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }')
    const wanted = await Promise.all([name, ...(WITH[name] ?? [])].map(async (each) => await specOf(each, folder)))
    await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted], folder)
    const { packages, bytes } = await weigh(folder, new Set(['zod']))
    const megabytes = bytes / 1_000_000
    const { ms, cpuMs } = await importTime(folder, name, times)
    const isMet = packages <= TARGET.packages && megabytes <= TARGET.megabytes
    const target = `≤ ${TARGET.packages} packages, ≤ ${TARGET.megabytes} MB: ${isMet ? 'met' : 'MISSED'}`
    return [name, String(packages), megabytes.toFixed(2), figure(ms), figure(cpuMs), name === 'leveret' ? target : '']
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Returns the package for npm to install: leveret packed as for a release, the others from the registry. */
async function specOf(name: string, folder: string): Promise<string> {
  if (name !== 'leveret') return `${name}@${await versionOf(name)}`
  const packed = await npm(['pack', '--pack-destination', folder, '--silent'], join(repository, 'packages/leveret'))
  return join(folder, packed.trim())
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await run('npm', [...args], { cwd })
  return stdout
}

async function importTime(folder: string, name: string, times: number): Promise<{ ms: number; cpuMs: number }> {
  const program = `const cpu = process.cpuUsage(); const began = performance.now()
    await import(${JSON.stringify(name)})
    const { user, system } = process.cpuUsage(cpu)
    console.log(JSON.stringify({ ms: performance.now() - began, cpuMs: (user + system) / 1_000 }))
    process.exit(0)`
  const found: { ms: number; cpuMs: number }[] = []
  for (let n = 0; n < times; n += 1) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder })
    found.push(JSON.parse(stdout) as { ms: number; cpuMs: number })
  }
  return { ms: median(found.map(({ ms }) => ms)), cpuMs: median(found.map(({ cpuMs }) => cpuMs)) }
}
