import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { test as base, type Fixtures } from '@leveret/testing/vitest'
import { onTestFinished, type TestAPI } from 'vitest'
import { run } from '../src/program/run.js'
import { Terminal } from '../src/terminal/terminal.js'

/** The built program. */
export const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** Contracts of a shop. */
export const SHOP = fileURLToPath(new URL('fixtures/shop', import.meta.url))

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How a command is run. */
export interface RunOptions {
  readonly input?: string
  readonly folder?: string
  readonly signal?: AbortSignal
  readonly env?: NodeJS.ProcessEnv
  /** The width of the terminal; without one it is a pipe. */
  readonly columns?: number
  /** What a person types when asked. There is a terminal then. */
  readonly typed?: string
  /** Gets what is said, as it is said. */
  readonly onTalk?: (text: string) => void
}

/** Runs a command in this process, against the test's vhost. */
export type Leveret = (args: readonly string[], options?: RunOptions) => Promise<Ended>

/** Vitest's `test` with a broker, a vhost of its own, and the command line. */
export const test: TestAPI<Fixtures & { leveret: Leveret }> = base.extend<{ leveret: Leveret }>({
  leveret: async ({ broker, vhost }, use) => {
    const env = { RABBITMQ_URL: vhost.url, RABBITMQ_MANAGEMENT_URL: broker.managementUrl }
    await use(async (args, options = {}) => await runHere(args, { ...options, env: { ...env, ...options.env } }))
  },
})

/** Runs a command in this process. */
export async function runHere(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input = '', folder = SHOP, signal = new AbortController().signal, env = {}, columns, typed, onTalk } = options
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  if (columns !== undefined) Object.assign(stdout, { isTTY: true, columns })
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
  if (typed !== undefined) Object.assign(stderr, { isTTY: true })
  const texts = { stdout: '', stderr: '' }
  stdout.setEncoding('utf8').on('data', (chunk: string) => {
    texts.stdout += chunk
  })
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    texts.stderr += chunk
    onTalk?.(chunk)
    if (typed !== undefined && /\[y\/N\]|go on:/.test(chunk)) keyboard.write(typed)
  })
  const terminal = new Terminal({
    stdin: typed === undefined ? Readable.from([input]) : keyboard,
    stdout,
    stderr,
    env: { ...env, ...(columns === undefined ? {} : { NO_COLOR: '1' }) },
  })
  const code = await run(args, { terminal, signal, folder })
  await new Promise((resolve) => setImmediate(resolve))
  return { code, ...texts }
}

/** Runs the built program as a process of its own. */
export function spawned(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  folder = SHOP,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env: { PATH: process.env.PATH, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk
    })
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, ...texts }))
  return { child, ended }
}

/** A folder with a `leveret.config.ts` of the test's own, removed after it. */
export async function folderWith(config: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-cli-'))
  onTestFinished(async () => await rm(folder, { recursive: true }))
  await writeFile(join(folder, 'leveret.config.ts'), config)
  await symlink(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'))
  return folder
}
