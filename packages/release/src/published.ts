import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout. */
export const repository: string = fileURLToPath(new URL('../../../', import.meta.url))

/** Fields of a package.json that these scripts read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly main?: string
  readonly types?: string
  readonly exports?: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly repository?: { readonly url: string; readonly directory: string }
  readonly homepage?: string
  readonly bugs?: string
  readonly packageManager?: string
}

/** A package that is published. */
export interface Published {
  /** Name on npm, for example `@leveret/testing`. */
  readonly name: string
  /** Name of its folder in `packages/`, for example `testing`. */
  readonly short: string
  /** The path of its folder. */
  readonly folder: string
  readonly manifest: Manifest
}

/** Lists the packages of this repository that are not private, by the name of their folder. */
export function publishedPackages(): Published[] {
  const folder = join(repository, 'packages')
  return readdirSync(folder)
    .sort()
    .map((short) => ({ short, folder: join(folder, short), manifest: manifestOf(join(folder, short)) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map((each) => ({ ...each, name: each.manifest.name }))
}

/** Reads the package.json of a folder. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}
