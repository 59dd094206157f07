import { cp, mkdir, readFile, realpath, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { command } from '../command.js'
import type { Packed } from '../pack.js'
import { manifestOf, repository } from '../published.js'

/** Packages that a user's project needs beside the published packages and zod, by their names in `node_modules`. */
export type Tools = readonly string[]

/** Packages whose newest version under that name is not the wanted one, each with the version to install. */
const SPECS: Readonly<Record<string, string>> = {
  '@babel/core': '@babel/core@7',
  '@babel/preset-env': '@babel/preset-env@7',
  '@types/node': '@types/node@20',
  jest: 'jest@30',
  'babel-jest': 'babel-jest@30',
  '@types/jest': '@types/jest@30',
  'ts-jest': 'ts-jest@29',
  typescript: 'typescript@7',
  'typescript-5.4': 'typescript-5.4@npm:typescript@~5.4.0',
  'typescript-5.9': 'typescript-5.9@npm:typescript@~5.9.0',
  'typescript-6': 'typescript-6@npm:typescript@6',
  vitest: 'vitest@4',
}

/** Installs as a user does: `npm init -y`, then `npm install` from the registry. */
export async function installFromRegistry(
  project: string,
  packed: readonly Packed[],
  tools: Tools,
  zod = 'zod',
): Promise<void> {
  await command('npm', ['init', '-y'], { cwd: project })
  const wanted = [...packed.map(({ tarball }) => tarball), zod, ...tools.map((tool) => SPECS[tool] ?? tool)]
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await command('npm', ['install', ...quietly, ...wanted], { cwd: project })
}

/**
 * Installs without a network: unpacks the packed packages, copies their dependencies, and links the tools, which are
 * installed in this repository.
 */
export async function installOffline(
  project: string,
  packed: readonly Packed[],
  tools: Tools,
  zod = 'zod',
): Promise<void> {
  const modules = join(project, 'node_modules')
  const own = new Set(packed.map(({ name }) => name))
  for (const { name, tarball, folder, manifest } of packed) {
    await mkdir(join(modules, name), { recursive: true })
    await command('tar', ['-xzf', tarball, '-C', join(modules, name), '--strip-components=1'])
    const others = Object.keys(manifest.dependencies ?? {}).filter((dependency) => !own.has(dependency))
    for (const dependency of others) await copyPackage(dependency, folder, modules)
  }
  const here = join(repository, 'packages/release')
  await copyPackage(zod, here, modules, 'zod')
  for (const tool of tools) {
    await mkdir(dirname(join(modules, tool)), { recursive: true })
    await symlink(await folderOf(tool, here), join(modules, tool))
  }
}

/** Copies a package and its dependencies, as npm lays them out: side by side. @param as - its name there */
async function copyPackage(name: string, from: string, modules: string, as = name): Promise<void> {
  const source = await folderOf(name, from)
  const filter = (path: string): boolean => !path.endsWith('/node_modules')
  await cp(source, join(modules, as), { recursive: true, dereference: true, filter })
  for (const next of Object.keys(manifestOf(source).dependencies ?? {})) await copyPackage(next, source, modules)
}

/**
 * Finds the folder of an installed package, whatever the package exports, and also if a module of Node.js has the same
 * name.
 */
async function folderOf(name: string, from: string): Promise<string> {
  for (const path of createRequire(join(from, 'package.json')).resolve.paths(`${name}/package.json`) ?? []) {
    const found = await readFile(join(path, name, 'package.json'), 'utf8').catch(() => undefined)
    if (found !== undefined) return await realpath(join(path, name))
  }
  throw new Error(`${name} is not installed for ${from}`)
}
