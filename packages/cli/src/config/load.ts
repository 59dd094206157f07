import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Application } from 'leveret'
import { NotDoneError, UsageError } from '../program/failure.js'

const NAMES = ['leveret.config.ts', 'leveret.config.js', 'leveret.config.mjs'] as const

/** Where the applications are, from this folder upwards; `undefined` where there is no such file. */
export function findConfig(folder: string): string | undefined {
  const found = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path))
  if (found !== undefined) return found
  const above = dirname(folder)
  return above === folder ? undefined : findConfig(above)
}

/**
 * Loads the applications that a file exports, by whatever names.
 *
 * @param given - the file; without one, `leveret.config.ts`, `.js` or `.mjs` of this folder or one above it
 * @returns none where there is no file and none was asked for
 * @throws {@link UsageError} there is no such file
 * @throws {@link NotDoneError} it could not be run, or exports no application
 */
export async function loadApplications(
  given: string | undefined,
  folder = process.cwd(),
): Promise<readonly Application[]> {
  const path = given === undefined ? findConfig(folder) : resolve(folder, given)
  if (path === undefined) return []
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}.`)
  const exported = await importFile(path).catch((cause: unknown) => {
    throw new NotDoneError(`${path} could not be loaded: ${cause instanceof Error ? cause.message : cause}`, { cause })
  })
  const applications = [...new Set(Object.values(exported).flat().filter(isApplication))]
  if (applications.length > 0) return applications
  throw new NotDoneError(
    `${path} exports no application: export const shop = application({ name, version, sends, works, … })`,
  )
}

/** Node.js itself reads TypeScript from 22.18 on; before that it is translated here. */
async function importFile(path: string): Promise<Record<string, unknown>> {
  const isTypeScript = /\.[cm]?ts$/.test(path)
  const { typescript } = process.features as { typescript?: unknown }
  if (!isTypeScript || typescript) return await import(pathToFileURL(path).href)
  const { createJiti } = await import('jiti')
  return await createJiti(pathToFileURL(path).href, { interopDefault: false }).import(path)
}

function isApplication(value: unknown): value is Application {
  return Object(value).kind === 'application'
}
