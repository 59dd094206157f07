import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** A span as a program prints it. */
export interface PrintedSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly id: string
  readonly parent?: string
  readonly links: readonly { readonly traceId: string; readonly id: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly scope: string
  readonly status: { readonly code: number }
}

/** What a program prints. */
export interface Printed {
  readonly spans: readonly PrintedSpan[]
  readonly lines: readonly string[]
}

/** Runs a program of the folder `programs` in a process of its own, with the built packages. */
export async function runProgram(
  name: string,
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<Printed> {
  const program = fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 30_000,
  })
  return JSON.parse(stdout) as Printed
}
