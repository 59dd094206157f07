import type { Readable, Writable } from 'node:stream'

/** A stream of text, as a terminal or a pipe has it. */
export interface TextStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The parts of a terminal. */
export interface TerminalOptions {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(mode: boolean): unknown }
  readonly stdout: TextStream
  readonly stderr: TextStream
  readonly env: NodeJS.ProcessEnv
}

/** The length from which a secret is kept out: a shorter one is found in every sentence. */
const SHORTEST_SECRET = 4

/** A terminal, or pipes: data goes to stdout, talk to stderr. Talk never holds a secret that it was told. */
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
    // A reader that has had enough (`| head`) is no error.
    stdout.on('error', () => undefined)
  }

  /** Whether data goes to a person. */
  get isTTY(): boolean {
    return this.#stdout.isTTY === true
  }

  /** Whether somebody can be asked. */
  get isInteractive(): boolean {
    return this.stdin.isTTY === true && this.stderr.isTTY === true
  }

  /** The width to which tables are cut; without a terminal they are not. */
  get columns(): number {
    return this.isTTY ? (this.#stdout.columns ?? 80) : Number.POSITIVE_INFINITY
  }

  /** Whether data may hold colours. */
  get hasColor(): boolean {
    return this.#mayColor(this.#stdout)
  }

  /** Whether talk may hold colours. */
  get hasTalkColor(): boolean {
    return this.#mayColor(this.stderr)
  }

  /** Switches colours off. */
  forbidColor(): void {
    this.#noColor = true
  }

  /** Keeps a text out of all talk. Data is what it is. */
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

  /** Says something to the person. */
  say(text: string): void {
    this.stderr.write(this.#clean(`${text}\n`))
  }

  /** Writes talk as it is, without a line end: for progress and questions. */
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
