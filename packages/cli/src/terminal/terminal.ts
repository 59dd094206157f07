import type { Readable, Writable } from 'node:stream'

/** A stream of text: a terminal or a pipe. */
export interface TextStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Options of {@link Terminal}. */
export interface TerminalOptions {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(mode: boolean): unknown }
  readonly stdout: TextStream
  readonly stderr: TextStream
  readonly env: NodeJS.ProcessEnv
}

/** The shortest secret that is removed from messages. A shorter one would occur in every sentence. */
const SHORTEST_SECRET = 4

/**
 * A terminal, or pipes: data goes to stdout, messages to stderr. Secrets given to {@link hide} are removed from
 * messages.
 */
export class Terminal {
  readonly stdin: TerminalOptions['stdin']
  readonly stderr: TextStream
  readonly env: NodeJS.ProcessEnv
  readonly #stdout: TextStream
  readonly #secrets = new Set<string>()
  #noColor = false

  constructor({ stdin, stdout, stderr, env }: TerminalOptions) {
    this.stdin = stdin
    this.stderr = stderr
    this.env = env
    this.#stdout = stdout
    // A reader that closes the pipe early (`| head`) is not an error.
    stdout.on('error', () => undefined)
  }

  /** Whether stdout is a terminal. */
  get isTTY(): boolean {
    return this.#stdout.isTTY === true
  }

  /** Whether the user can be asked. */
  get isInteractive(): boolean {
    return this.stdin.isTTY === true && this.stderr.isTTY === true
  }

  /** The width to which tables are cut; infinite without a terminal. */
  get columns(): number {
    return this.isTTY ? (this.#stdout.columns ?? 80) : Number.POSITIVE_INFINITY
  }

  /** Whether data may have colours. */
  get hasColor(): boolean {
    return this.#mayColor(this.#stdout)
  }

  /** Whether messages may have colours. */
  get hasTalkColor(): boolean {
    return this.#mayColor(this.stderr)
  }

  /** Switches colours off. */
  forbidColor(): void {
    this.#noColor = true
  }

  /** Removes a secret from all later messages. Data is not changed. */
  hide(secret: string): void {
    if (secret.length < SHORTEST_SECRET || secret === 'guest') return
    this.#secrets.add(secret)
    this.#secrets.add(encodeURIComponent(secret))
  }

  /** Writes data. Resolves when there is room for more. */
  async print(text: string): Promise<void> {
    if (this.#stdout.destroyed || this.#stdout.write(`${text}\n`)) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stdout.off('drain', done).off('close', done).off('error', done)
        resolve()
      }
      this.#stdout.on('drain', done).on('close', done).on('error', done)
    })
  }

  /** Writes a message for the user. */
  say(text: string): void {
    this.stderr.write(this.#clean(`${text}\n`))
  }

  /** Writes a message without a line end, for progress and questions. */
  write(text: string): void {
    this.stderr.write(this.#clean(text))
  }

  #mayColor(stream: TextStream): boolean {
    const { NO_COLOR, FORCE_COLOR } = this.env
    if (this.#noColor) return false
    if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0'
    return (NO_COLOR === undefined || NO_COLOR === '') && stream.isTTY === true
  }

  #clean(text: string): string {
    let cleaned = text
    for (const secret of this.#secrets) cleaned = cleaned.replaceAll(secret, '***')
    return cleaned
  }
}
