import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

/** A thing that must not outlive this process. */
export type Leftover =
  | { readonly pid: number }
  | { readonly directory: string }
  | { readonly container: string }
  | { readonly network: string }

/**
 * Removes what this process leaves behind, whatever ends it.
 *
 * Handlers of 'exit' do not run when a test runner kills its worker. So a small separate process holds the other end of
 * a pipe. When the pipe closes, it removes what is on the list.
 */
export class Reaper {
  readonly #leftovers = new Map<string, Leftover>()
  #process: ChildProcess | undefined

  /** Puts a thing on the list. */
  watch(leftover: Leftover): void {
    this.#leftovers.set(JSON.stringify(leftover), leftover)
    this.#tell()
  }

  /** Takes a thing off the list, because it is gone. */
  forget(leftover: Leftover): void {
    this.#leftovers.delete(JSON.stringify(leftover))
    this.#tell()
  }

  /** Takes everything off the list and ends the process that held it. */
  dismiss(): void {
    this.#leftovers.clear()
    this.#tell()
    this.#process?.stdin?.end()
    this.#process = undefined
  }

  #tell(): void {
    if (this.#process === undefined && this.#leftovers.size === 0) return
    this.#process ??= startProcess()
    this.#process.stdin?.write(`${JSON.stringify([...this.#leftovers.values()])}\n`)
  }
}

function startProcess(): ChildProcess {
  const file = fileURLToPath(new URL('./reaper-process.js', import.meta.url))
  const child = spawn(process.execPath, [file], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  // Without the reaper the tests still run; only the removal after a crash is missing.
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
  return child
}
