import { spawn } from 'node:child_process'

/** The outcome of a command. */
export interface Outcome {
  /** Whether the command exited with 0. */
  readonly ok: boolean
  /** Standard output and standard error, interleaved. */
  readonly output: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a command without a terminal. It never throws. */
export function tryCommand(file: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = ''
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, NODE_OPTIONS: undefined, ...options.env }
    const child = spawn(file, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
      })
    }
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

/** Runs a command without a terminal. @returns its output @throws `Error` with its output, if it fails */
export async function command(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { ok, output } = await tryCommand(file, args, options)
  if (ok) return output
  throw new Error(`\`${[file, ...args].join(' ')}\` failed:\n${output}`)
}
