import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../set-up/repository.mjs'

/**
 * A file of source code.
 *
 * @typedef {object} Source
 * @property {string} path from the root of the repository
 * @property {string} text
 */

/**
 * Reads the sources of a folder, and of the folders in it.
 *
 * @param {string} folder from the root of the repository
 * @returns {Source[]}
 */
export function sourcesOf(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.includes('node_modules'))
    .map((file) => ({ path: join(folder, file), text: readFileSync(join(root, folder, file), 'utf8') }))
}

/** Lists the folders with published or internal source code. @returns {string[]} */
export function sourceFolders() {
  return readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(root, 'packages', entry.name)).includes('src'))
    .map(({ name }) => `packages/${name}/src`)
    .sort()
}
