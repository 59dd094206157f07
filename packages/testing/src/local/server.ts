import { access, constants, readdir, realpath } from 'node:fs/promises'
import { basename, delimiter, dirname, join } from 'node:path'
import { runProgram } from '../program.js'

/** An installed RabbitMQ. */
export interface InstalledServer {
  /** Folder of `rabbitmq-server` and `rabbitmqctl`. */
  readonly directory: string
  readonly version: string
}

/** Finds the `rabbitmq-server` on PATH, or where Debian and Homebrew put it. */
export async function findServer(): Promise<InstalledServer | undefined> {
  const path = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '')
  for (const directory of [...path, '/usr/lib/rabbitmq/bin', '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']) {
    const script = await realpath(join(directory, 'rabbitmq-server')).catch(() => undefined)
    // Debian's wrapper switches to the user rabbitmq and drops the environment; the real scripts are elsewhere.
    if (script === undefined || basename(script) === 'rabbitmq-script-wrapper') continue
    if (!(await isExecutable(script))) continue
    return { directory: dirname(script), version: await versionOf(dirname(script)) }
  }
  return undefined
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/**
 * Reads the version from a release's file names: `rabbitmq_server-4.0.5/sbin`, `plugins/rabbit-4.0.5`. Asking the
 * program takes a second.
 */
async function versionOf(directory: string): Promise<string> {
  const plugins = await readdir(join(directory, '..', 'plugins')).catch(() => [])
  const names = [basename(dirname(directory)), ...plugins]
  for (const name of names) {
    const version = /^(?:rabbitmq_server|rabbit)-(\d+\.\d+\.\d+)/.exec(name)?.[1]
    if (version !== undefined) return version
  }
  return (await runProgram(join(directory, 'rabbitmqctl'), ['version'])).trim()
}
