import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eventually } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'

/** A program while it runs. It is ended with the test. */
export interface Running {
  /** What it has printed so far, line by line. */
  readonly lines: readonly string[]
  printed(line: string | RegExp): Promise<void>
  /** SIGTERM. @returns its exit code */
  terminate(): Promise<number | null>
  /** Its end, without the process being asked to. @returns its exit code */
  ended(): Promise<number | null>
}

/** Starts a program of a library's folder: what the build made of it, or the JavaScript that it is written in. */
export function start(library: string, program: string, env: Record<string, string>, ...words: string[]): Running {
  const built = fileURLToPath(new URL(`../dist/${library}/${program}.js`, import.meta.url))
  const written = fileURLToPath(new URL(`../src/${library}/${program}.mjs`, import.meta.url))
  const path = existsSync(written) ? written : built
  const child = spawn(process.execPath, [path, ...words], { env: { ...process.env, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = linesOf(child)
  const exited = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null)
  return {
    lines,
    printed: async (line) => {
      const like = typeof line === 'string' ? line : expect.stringMatching(line)
      await eventually(() => expect(lines).toContainEqual(like), { timeoutMs: 20_000 })
    },
    ended: () => exited,
    terminate: () => {
      child.kill('SIGTERM')
      return exited
    },
  }
}

function linesOf(child: ChildProcess): string[] {
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = `${rest}${chunk}`.split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
    })
  }
  return lines
}
