import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the checkout. */
export const root = join(import.meta.dirname, '..', '..')

/** @returns {{ packageManager: string, engines: { node: string } }} */
export function manifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}
