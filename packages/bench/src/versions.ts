import { readFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { RabbitMQ } from '@leveret/testing'
import { packages as measured } from './clients/clients.js'

/** Describes the versions and the machine that the figures belong to. */
export async function describeSetting({ version, driver }: Pick<RabbitMQ, 'version' | 'driver'>): Promise<string> {
  const packages = await Promise.all(
    [...measured, 'zod', 'valibot', 'arktype'].map(async (name) => `${name} ${await versionOf(name)}`),
  )
  const machine = `${availableParallelism()} CPUs with a load of ${(loadavg()[0] ?? 0).toFixed(1)} before`
  return `${packages.join(', ')}\nNode.js ${process.versions.node}, RabbitMQ ${version} (${driver}), ${machine}`
}

/**
 * Returns the version of an installed package. Not every package exports its manifest, so this searches the folders
 * above its entry.
 */
export async function versionOf(name: string): Promise<string> {
  for (let folder = new URL('.', import.meta.resolve(name)); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const manifest = await readFile(fileURLToPath(new URL('package.json', folder)), 'utf8').catch(() => '{}')
    const found = JSON.parse(manifest) as { name?: string; version?: string }
    if (found.name === name && found.version !== undefined) return found.version
  }
  throw new Error(`${name} is not installed.`)
}
