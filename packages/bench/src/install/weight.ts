import { lstat, readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** What is in a `node_modules`. */
export interface Weight {
  readonly packages: number
  /** Of all their files. */
  readonly bytes: number
}

/** Weighs what npm has installed in a folder, without the packages of these names. */
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

/** Only directly in a package's folder: packages keep further manifests inside, to say how modules are to be read. */
function isPackageManifest(file: string): boolean {
  const inside = file.split(sep).slice(file.split(sep).lastIndexOf('node_modules') + 1)
  return inside.at(-1) === 'package.json' && inside.length === (inside[0]?.startsWith('@') ? 3 : 2)
}
