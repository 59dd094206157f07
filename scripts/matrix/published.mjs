import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../set-up/repository.mjs'

/** Tries what is published in fresh projects: module systems, compilers, bundlers, test runners. */
export const packageMatrix = async () => (await release()).packageMatrix([])

/** Compiles against what is published, with each TypeScript and the oldest and the newest zod. */
export const typeMatrix = async () => (await release()).typeMatrix()

/** @typedef {import('./table.mjs').Matrix} Matrix */

/** It is compiled by then. @returns {Promise<{ packageMatrix: (words: string[]) => Promise<Matrix>, typeMatrix: () => Promise<Matrix> }>} */
async function release() {
  return await import(pathToFileURL(join(root, 'packages/release/dist/index.js')).href)
}
