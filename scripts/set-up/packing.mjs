import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './repository.mjs'

/**
 * A package as it is published.
 *
 * @typedef {{ readonly name: string, readonly manifest: { readonly version: string }, readonly tarball: string }} Packed
 */

/** Packs every published package. Build first: the packing code is compiled. @param {string} folder @returns {Promise<Packed[]>} */
export async function packAll(folder) {
  return await (await packing()).packAll(folder)
}

/**
 * Packs one package into a folder of its own in the folder. Build first.
 *
 * @param {string} name of the package's folder
 * @param {string} folder
 * @returns {Promise<string>} the path of the `.tgz`
 */
export async function packOne(name, folder) {
  return await (await packing()).packOne(join(root, 'packages', name), join(folder, name))
}

/** @returns {Promise<{ packAll(into: string): Promise<Packed[]>, packOne(folder: string, into: string): Promise<string> }>} */
async function packing() {
  return await import(pathToFileURL(join(root, 'packages/release/dist/pack.js')).href)
}
