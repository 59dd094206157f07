import { readFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { RabbitMQ } from '@leveret/testing'
import { pair, peers } from './clients/clients.js'

/** What the figures belong to. */
export async function describeSetting({ version, driver }: Pick<RabbitMQ, 'version' | 'driver'>): Promise<string> {
  const names = [...pair, ...peers].map(({ name }) => name)
  const packages = await Promise.all([...names, 'zod'].map(async (name) => `${name} ${await versionOf(name)}`))
  const machine = `${availableParallelism()} CPUs with a load of ${(loadavg()[0] ?? 0).toFixed(1)} before`
  return `${packages.join(', ')}\nNode.js ${process.versions.node}, RabbitMQ ${version} (${driver}), ${machine}`
}

/** The version of a package that is installed here. Not all let their manifest be imported, so it is looked for on the way up. */
export async function versionOf(name: string): Promise<string> {
  for (let folder = new URL('.', import.meta.resolve(name)); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const manifest = await readFile(fileURLToPath(new URL('package.json', folder)), 'utf8').catch(() => '{}')
    const found = JSON.parse(manifest) as { name?: string; version?: string }
    if (found.name === name && found.version !== undefined) return found.version
  }
  throw new Error(`${name} is not installed.`)
}
