import { cp, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { command } from '../command.js'
import type { Packed } from '../pack.js'
import { manifestOf, repository } from '../published.js'

/** What a project of a user needs beside the published packages. The key is its name in `node_modules`. */
export type Tools = readonly string[]

/** Makes a project's `node_modules`: the packed packages, zod, and tools. */
export type Install = (project: string, packed: readonly Packed[], tools: Tools) => Promise<void>

/** The versions that npm installs where a tool's own newest one is not what is meant. */
const SPECS: Readonly<Record<string, string>> = {
  '@types/node': '@types/node@20',
  'typescript-5.4': 'typescript-5.4@npm:typescript@5.4',
  'typescript-5.9': 'typescript-5.9@npm:typescript@5.9',
  'typescript-6': 'typescript-6@npm:typescript@6',
  vitest: 'vitest@4',
  jest: 'jest@30',
  'babel-jest': 'babel-jest@30',
  '@babel/core': '@babel/core@7',
  '@babel/preset-env': '@babel/preset-env@7',
  'ts-jest': 'ts-jest@29',
  typescript: 'typescript@7',
}

/** Installs as a user does: `npm init -y`, then `npm install` from the registry. */
export const fromRegistry: Install = async (project, packed, tools) => {
  await command('npm', ['init', '-y'], { cwd: project })
  const zod = tools.some((tool) => tool.startsWith('zod')) ? [] : ['zod']
  const wanted = [...packed.map(({ tarball }) => tarball), ...zod, ...tools.map((tool) => SPECS[tool] ?? tool)]
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await command('npm', ['install', ...quietly, ...wanted], { cwd: project })
}

/** Unpacks the packed packages, copies what they depend on, and links the tools that this repository has installed: without a network. */
export const fromWorkspace: Install = async (project, packed, tools) => {
  await writeFile(join(project, 'package.json'), '{ "name": "project", "version": "1.0.0" }')
  const modules = join(project, 'node_modules')
  for (const { name, tarball } of packed) {
    await mkdir(join(modules, name), { recursive: true })
    await command('tar', ['-xzf', tarball, '-C', join(modules, name), '--strip-components=1'])
  }
  const own = new Set(packed.map(({ name }) => name))
  for (const { folder, manifest } of packed) {
    const wanted = Object.keys(manifest.dependencies ?? {}).filter((name) => !own.has(name))
    for (const name of wanted) await copyPackage(name, folder, modules)
  }
  await copyPackage('zod', join(repository, 'packages/release'), modules)
  for (const tool of tools) {
    const link = join(modules, tool)
    await mkdir(dirname(link), { recursive: true })
    await symlink(await folderOf(tool, join(repository, 'packages/release')), link)
  }
}

/** Copies a package and what it depends on, as npm lays them out: side by side. */
async function copyPackage(name: string, from: string, modules: string): Promise<void> {
  const source = await folderOf(name, from)
  await cp(source, join(modules, name), { recursive: true, dereference: true, filter: (path) => !/\/node_modules$/.test(path) })
  for (const next of Object.keys(manifestOf(source).dependencies ?? {})) await copyPackage(next, source, modules)
}

/** Finds the folder of an installed package, whatever it exports. */
async function folderOf(name: string, from: string): Promise<string> {
  for (const path of createRequire(join(from, 'package.json')).resolve.paths(name) ?? []) {
    const found = await readFile(join(path, name, 'package.json'), 'utf8').catch(() => undefined)
    if (found !== undefined) return await realpath(join(path, name))
  }
  throw new Error(`${name} is not installed for ${from}`)
}
