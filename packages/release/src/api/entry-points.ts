import { join } from 'node:path'
import { publishedPackages } from '../published.js'

/** Entry point of a published package. */
export interface EntryPoint {
  /** Name to import, for example `@leveret/testing/vitest`. */
  readonly name: string
  /** File name of its report, for example `testing.vitest.api.md`. */
  readonly report: string
  /** The folder of the package. */
  readonly folder: string
  /** The path of its declarations. */
  readonly types: string
}

/** Lists the entry points of the published packages, from their `exports`. */
export function entryPoints(): EntryPoint[] {
  return publishedPackages().flatMap(({ name, short, folder, manifest }) =>
    Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]) => {
      if (typeof target === 'string') return []
      const below = subpath.slice(2)
      return {
        name: [name, below].filter(Boolean).join('/'),
        report: `${[short, below.replaceAll('/', '.')].filter(Boolean).join('.')}.api.md`,
        folder,
        types: join(folder, target.types),
      }
    }),
  )
}
