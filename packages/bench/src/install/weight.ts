import { lstat, readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** Contents of a `node_modules` folder. */
export interface Weight {
  readonly packages: number
  /** Bytes of all files. */
  readonly bytes: number
}

/** Weighs the packages that npm has installed in a folder, without those of the given names. */
export async function weigh(folder: string, without: ReadonlySet<string>): Promise<Weight> {
  const modules = join(folder, 'node_modules')
  const files = await readdir(modules, { recursive: true })
  const counted = files.filter((file) => !without.has(packageOf(file)) && !file.startsWith('.'))
  const sizes = await Promise.all(
    counted.map(async (file) => {
      const stat = await lstat(join(modules, file))
      return stat.isFile() ? stat.size : 0
    }),
  )
  const packages = counted.filter(isPackageManifest)
  return { packages: packages.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

function packageOf(file: string): string {
  const [first = '', second = ''] = file.split(sep)
  return first.startsWith('@') ? `${first}/${second}` : first
}

/**
 * Whether a file is the manifest of a package. Packages hold further manifests inside, which only name a module type.
 */
function isPackageManifest(file: string): boolean {
  const inside = file.split(sep).slice(file.split(sep).lastIndexOf('node_modules') + 1)
  return inside.at(-1) === 'package.json' && inside.length === (inside[0]?.startsWith('@') ? 3 : 2)
}
