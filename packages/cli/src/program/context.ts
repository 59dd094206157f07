import type { Application } from 'leveret'
import { type BrokerOptions, Session } from '../broker/session.js'
import { loadApplications } from '../config/load.js'
import { jsonText } from '../terminal/json.js'
import type { Terminal } from '../terminal/terminal.js'
import { UsageError } from './exit.js'

/** Options that many commands have. */
export interface CommonOptions extends BrokerOptions {
  readonly app?: string | undefined
  readonly json?: boolean | undefined
}

/** Terminal, signal and folder of a run, from which commands get the broker and the applications. */
export class Context {
  readonly terminal: Terminal
  /** Aborted by the first Ctrl-C: finish the current work, then end. */
  readonly signal: AbortSignal
  /** The folder in which the program was started. */
  readonly folder: string

  constructor(terminal: Terminal, signal: AbortSignal, folder: string) {
    this.terminal = terminal
    this.signal = signal
    this.folder = folder
  }

  /** Returns the broker that the options name. */
  async session(options: BrokerOptions): Promise<Session> {
    return await Session.of(this.terminal, options)
  }

  /** Returns the applications of the file that the options name, or of the nearest `leveret.config.ts`. */
  async applications(options: CommonOptions): Promise<readonly Application[]> {
    return await loadApplications(options.app, this.folder)
  }

  /** Returns the applications for a command that needs some. @throws {@link UsageError} if there are none */
  async someApplications(options: CommonOptions): Promise<readonly Application[]> {
    const applications = await this.applications(options)
    if (applications.length > 0) return applications
    throw new UsageError(
      'No applications are known. Export them from leveret.config.ts here or in a folder above, or name another file: --app <file>.',
    )
  }

  /** Writes one document for `--json`, otherwise the output of a function for people. */
  async answer(options: CommonOptions, value: unknown, forPeople: () => Promise<void>): Promise<void> {
    if (options.json) await this.terminal.print(jsonText(value))
    else await forPeople()
  }
}
