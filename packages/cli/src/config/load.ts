import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Application } from 'leveret'
import { NotDoneError, UsageError } from '../program/exit.js'

const NAMES = ['leveret.config.ts', 'leveret.config.js', 'leveret.config.mjs'] as const

/** Finds the file of the applications, from this folder upwards; `undefined` if there is none. */
export function findConfig(folder: string): string | undefined {
  const found = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path))
  if (found !== undefined) return found
  const above = dirname(folder)
  return above === folder ? undefined : findConfig(above)
}

/**
 * Loads the applications that a file exports, under any names.
 *
 * @param given - the file. Default: `leveret.config.ts`, `.js` or `.mjs` in this folder or the nearest one above it
 * @returns an empty list if no file is given and none is found
 * @throws {@link UsageError} if the given file does not exist
 * @throws {@link NotDoneError} if it could not be run, or exports no application
 */
export async function loadApplications(
  given: string | undefined,
  folder = process.cwd(),
): Promise<readonly Application[]> {
  const path = given === undefined ? findConfig(folder) : resolve(folder, given)
  if (path === undefined) return []
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}.`)
  const exported = await importFile(path).catch((cause: unknown) => {
    throw new NotDoneError(unloadable(path, cause, given === undefined), { cause })
  })
  const applications = [...new Set(Object.values(exported).flat().filter(isApplication))]
  if (applications.length > 0) return applications
  throw new NotDoneError(
    `${path} exports no application: export const shop = application({ name, version, sends, works, … })`,
  )
}

function unloadable(path: string, cause: unknown, isFound: boolean): string {
  const why = `${path} could not be loaded: ${(cause instanceof Error ? cause.message : String(cause)).trim()}`
  return isFound ? `${why}\nWithout contracts, the command runs in a folder that has no such file.` : why
}

/**
 * Imports a file. Node.js itself reads TypeScript from 22.18 on, if its imports say `.ts` and its types can simply be
 * erased. Other files are translated.
 */
async function importFile(path: string): Promise<Record<string, unknown>> {
  const { href } = pathToFileURL(path)
  const { typescript } = process.features as { typescript?: unknown }
  if (!/\.[cm]?ts$/.test(path)) return await import(href)
  if (typescript)
    return await import(href).catch((error: unknown) =>
      isUnread(error) ? translated(href, path) : Promise.reject(error),
    )
  return await translated(href, path)
}

const UNREAD = new Set(['ERR_MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX', 'ERR_UNKNOWN_FILE_EXTENSION'])

function isUnread(error: unknown): boolean {
  return UNREAD.has(String(Object(error).code))
}

async function translated(href: string, path: string): Promise<Record<string, unknown>> {
  const { createJiti } = await import('jiti')
  return await createJiti(href, { interopDefault: false }).import(path)
}

function isApplication(value: unknown): value is Application {
  return Object(value).kind === 'application'
}
