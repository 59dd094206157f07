import { readFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import type { RabbitMQ } from '@leveret/testing'

const MANIFESTS = {
  leveret: import.meta.resolve('leveret/package.json'),
  amqplib: new URL('package.json', import.meta.resolve('amqplib')),
}

/** Describes in one line which versions and which machine the figures belong to. */
export async function describeSetting(
  brokers: readonly Pick<RabbitMQ, 'version' | 'driver' | 'nodes'>[],
): Promise<string> {
  const packages = await Promise.all(
    Object.entries(MANIFESTS).map(async ([name, manifest]) => `${name} ${await versionIn(manifest)}`),
  )
  const named = brokers.map(({ version, driver, nodes }) => `RabbitMQ ${version} (${driver}, nodes: ${nodes.length})`)
  const machine = `${availableParallelism()} CPUs with a load of ${(loadavg()[0] ?? 0).toFixed(1)} at the end`
  return `${[`Node.js ${process.versions.node}`, ...packages, ...new Set(named), machine].join(', ')}.`
}

async function versionIn(manifest: string | URL): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL(manifest), 'utf8')) as { version: string }
  return version
}
