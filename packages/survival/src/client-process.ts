import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Answer, ClientSettings, Command } from './client/settings.js'
import { hung } from './invariants.js'
import type { LedgerFile } from './ledger/ledger-file.js'

const program = fileURLToPath(new URL('client/main.js', import.meta.url))

/** How long a closed client may take to end by itself. */
const EXIT_MS = 10_000
/** How long the client may take to carry out a command: longer than any deadline of its own. */
const ANSWER_MS = 120_000
/** How much of its standard error is kept, from the end. */
const KEPT_CHARACTERS = 2_000

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The client under test, seen from outside. */
export class ClientProcess {
  readonly run: string
  readonly #child: ChildProcess
  readonly #ledger: LedgerFile
  readonly #exited: Promise<void>
  readonly #started: Promise<void>
  readonly #waiting = new Map<string, Waiting>()
  #stderr = ''
  #isHung = false

  /** Starts a process. {@link ready} waits until it is ready. */
  constructor(settings: ClientSettings, ledger: LedgerFile) {
    this.run = settings.run
    this.#ledger = ledger
    this.#child = fork(program, [JSON.stringify(settings)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + String(chunk)).slice(-KEPT_CHARACTERS)
    })
    this.#child.on('message', (answer: Answer) => this.#answered(answer))
    // The listener must exist from the beginning: the client may be ready before anybody asks.
    this.#started = this.#answerTo('start')
    this.#exited = once(this.#child, 'close').then(([code, signal]) => this.#ended(code, signal))
  }

  /** Resolves when the client is connected, works, and sends. @throws Error if it ends before */
  async ready(): Promise<void> {
    await this.#started
  }

  /**
   * Sends the client a command, and resolves when it is done.
   *
   * @throws Error if it fails, takes too long, or the client ends
   */
  async ask(command: Command, timeoutMs = ANSWER_MS): Promise<void> {
    const answer = this.#answerTo(command.do)
    this.#child.send(command)
    const answered = new AbortController()
    const late = delay(timeoutMs, undefined, { signal: answered.signal }).then(() => {
      throw new Error(`The client did not ${command.do} within ${timeoutMs} ms.`)
    })
    await Promise.race([answer, late]).finally(() => {
      late.catch(() => undefined)
      answered.abort()
    })
  }

  /** Resolves when the process has ended, in any way. @throws Error if it has not ended in time */
  async exited(timeoutMs: number): Promise<void> {
    if (await this.#endsWithin(timeoutMs)) return
    throw new Error(`The client did not end within ${timeoutMs} ms.`)
  }

  /** Waits for the end of the process. If it does not end in time, kills it and notes that. */
  async end(): Promise<void> {
    if (!(await this.#endsWithin(EXIT_MS))) {
      this.#isHung = true
      this.#ledger.note('exited', this.run, hung)
      this.#child.kill('SIGKILL')
    }
    await this.#exited
  }

  /** Kills the process with SIGKILL, as a fault. */
  async kill(): Promise<void> {
    this.#ledger.note('killed', this.run)
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #answerTo(what: string): Promise<void> {
    const answer = new Promise<void>((resolve, reject) => this.#waiting.set(what, { resolve, reject }))
    // The caller may no longer wait for the answer.
    answer.catch(() => undefined)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) this.#waiting.get(what)?.reject(this.#gone())
    return answer
  }

  #answered({ done, failed }: Answer): void {
    const waiting = this.#waiting.get(done)
    this.#waiting.delete(done)
    if (failed === undefined) waiting?.resolve()
    else waiting?.reject(new Error(`The client could not ${done}: ${failed}`))
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    if (!this.#isHung) this.#ledger.note('exited', this.run, code === null ? `${signal}` : this.#lastWords(code))
    for (const { reject } of this.#waiting.values()) reject(this.#gone())
    this.#waiting.clear()
  }

  async #endsWithin(timeoutMs: number): Promise<boolean> {
    const waited = new AbortController()
    const late = delay(timeoutMs, false, { signal: waited.signal }).catch(() => true)
    const ended = this.#exited.then(() => true)
    return await Promise.race([ended, late]).finally(() => waited.abort())
  }

  #lastWords(code: number): string {
    return code === 0 ? 'code 0' : `code ${code}: ${this.#stderr}`
  }

  #gone(): Error {
    return new Error(`The client ended: ${this.#stderr}`)
  }
}
