import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from './command.js'
import { manifestOf, type Published, publishedPackages, repository } from './published.js'

/** A published package, packed as it goes to npm. */
export interface Packed extends Published {
  /** The path of the `.tgz`. */
  readonly tarball: string
}

/**
 * Packs every published package into a folder, with the workspace's pnpm, which replaces `workspace:*` by the version.
 */
export async function packAll(into: string): Promise<Packed[]> {
  return await Promise.all(
    publishedPackages().map(async (each) => ({
      ...each,
      tarball: await packOne(each.folder, join(into, each.short)),
    })),
  )
}

/** Packs the package of one folder into a folder of its own. @returns the path of the `.tgz` */
export async function packOne(folder: string, into: string): Promise<string> {
  await mkdir(into, { recursive: true })
  const pnpm = manifestOf(repository).packageManager ?? 'pnpm'
  await command('npx', ['--yes', pnpm, 'pack', '--pack-destination', into], { cwd: folder })
  const tarball = (await readdir(into)).find((file) => file.endsWith('.tgz'))
  if (tarball === undefined) throw new Error(`\`pnpm pack\` left no tarball of ${folder} in ${into}`)
  return join(into, tarball)
}
