import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as brokerTest } from '@leveret/testing/vitest'
import { afterAll, expect, test } from 'vitest'
import { command } from '../src/command.js'
import { packOne } from '../src/pack.js'
import { installOffline } from '../src/package-matrix/project.js'
import { publishedPackages, repository } from '../src/published.js'

/** What `npm install -D @leveret/testing leveret zod` needs of this repository. Vitest is linked beside it. */
const OWN = ['leveret', 'management', 'memory-broker', 'testing']
const MOST_BYTES = 400_000

// What `npm install` of the packed packages gives, in an empty folder.
const project = await mkdtemp(join(tmpdir(), 'leveret-testing-kit-'))
afterAll(async () => await rm(project, { recursive: true, force: true }))
const own = publishedPackages().filter(({ short }) => OWN.includes(short))
const packed = await Promise.all(
  own.map(async (each) => ({ ...each, tarball: await packOne(each.folder, join(project, 'packed', each.short)) })),
)
await installOffline(project, packed, ['vitest'])
await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }')
const tenLines = await readFile(join(repository, 'packages/memory-broker/test/thumbnails.test.ts'), 'utf8')

test('the kit for unit tests is a handful of packages', async () => {
  const all = (await packagesIn(join(project, 'node_modules'))).filter((name) => name !== 'vitest')
  expect(all.sort()).toEqual([
    '@leveret/management',
    '@leveret/memory-broker',
    '@leveret/testing',
    'amqplib',
    'is-network-error',
    'leveret',
    'p-retry',
    'zod',
  ])
})

test(`the broker in memory has no dependencies, and less than ${MOST_BYTES.toLocaleString('en')} bytes`, async () => {
  expect(packed.find(({ short }) => short === 'memory-broker')?.manifest).not.toHaveProperty('dependencies')
  expect(await bytesIn(join(project, 'node_modules/@leveret/memory-broker'))).toBeLessThan(MOST_BYTES)
})

test('the test of ten lines of the README passes, without a broker and without a setting', async () => {
  expect(await vitest(tenLines, { RABBITMQ_URL: '', LEVERET_BROKER: '' })).toMatch(/Tests +1 passed/)
})

brokerTest('and on a real RabbitMQ by one word', async ({ broker, skip }) => {
  if (broker.driver === 'memory') skip('the broker of this run is in memory')
  const { url, managementUrl } = broker
  const real = tenLines.replace("testOn('memory')", "testOn('auto')")
  expect(real).not.toBe(tenLines)
  const output = await vitest(real, { RABBITMQ_URL: url, RABBITMQ_MANAGEMENT_URL: managementUrl, LEVERET_BROKER: '' })
  expect(output).toMatch(/Tests +1 passed/)
})

async function vitest(text: string, env: NodeJS.ProcessEnv): Promise<string> {
  await writeFile(join(project, 'thumbnails.test.ts'), text)
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--root', '.']
  return await command(process.execPath, args, { cwd: project, env })
}

async function packagesIn(modules: string): Promise<string[]> {
  const manifests = (await readdir(modules, { recursive: true })).filter((file) => /(^|\/)package\.json$/.test(file))
  const names = manifests.map((file) => /^(.*node_modules\/)?((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(file)?.[2])
  return names.filter((name) => name !== undefined)
}

async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = files.filter((file) => file.isFile()).map((file) => stat(join(file.parentPath, file.name)))
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)
}
