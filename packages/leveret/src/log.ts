import { Console } from 'node:console'
import { inRootContext } from './async/root-context.js'
import { type Events, guarded } from './events.js'

/**
 * Takes what leveret has to say beside its events: a pino, bunyan or winston logger, or `console`.
 *
 * `fields` hold `event`, `connection` and what the event carries; an error is `fields.err`. Nothing secret is among them. A
 * console gets the message alone: it says all that a person needs, and fields would fill the screen with stacks. A winston logger, which
 * is known by its `transports` and `exceptions`, gets the message first and then the fields, with the error as an object that JSON can carry. Any other
 * logger that takes the message first needs a wrapper: `{ info: (fields, message) => other.info(message, fields), … }`.
 */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** How much a line matters: `warn` is for what heals by itself, `error` for what does not. */
export type LogLevel = keyof Logger

/** How each event reads in a log. An event without an entry is not logged. */
export type LogLines<Map extends object> = {
  readonly [Name in keyof Map]?: (payload: Map[Name]) => readonly [LogLevel, string]
}

/** The log of one connection, if there is a logger. */
export class Log {
  readonly #logger: Logger | undefined
  readonly #say: Say
  readonly #connection: string

  constructor(logger: Logger | undefined, connection: string) {
    this.#logger = logger
    this.#say = sayingTo(logger)
    this.#connection = connection
  }

  /** Logs every event that has a line. Costs nothing without a logger. */
  follow<Map extends object>(events: Events<Map>, lines: LogLines<Map>): void {
    if (this.#logger === undefined) return
    for (const name of Object.keys(lines) as (keyof Map & string)[]) {
      events.on(name, (payload) => {
        const [level, message] = lines[name]?.(payload) ?? []
        if (level !== undefined && message !== undefined) this.write(level, message, fieldsOf(name, payload))
      })
    }
  }

  write(level: LogLevel, message: string, fields: object = {}): void {
    if (this.#logger === undefined) return
    const all = { connection: this.#connection, ...fields }
    const text = `leveret: ${message}`
    inRootContext(guarded, 'the logger', () => this.#say(level, all, text))
  }

  /** What the program itself should mend. Without a logger it is a process warning, so that somebody sees it. */
  warn(message: string, fields: object = {}): void {
    if (this.#logger === undefined) process.emitWarning(`leveret: ${message}`, 'LeveretWarning')
    else this.write('warn', message, fields)
  }
}

type Say = (level: LogLevel, fields: object, text: string) => unknown

/** The way in which a logger takes a line. */
function sayingTo(logger: Logger | undefined): Say {
  if (logger === undefined) return () => undefined
  if (logger instanceof Console) return (level, _fields, text) => logger[level](text)
  if (!isWinston(logger)) return (level, fields, text) => logger[level](fields, text)
  const messageFirst = logger as unknown as Record<LogLevel, (message: string, fields: object) => unknown>
  return (level, fields, text) => messageFirst[level](text, withPlainError(fields))
}

/** Its loggers, their children and its module itself are so made; what takes fields first has none of these. */
function isWinston(logger: Logger): boolean {
  return 'transports' in logger && 'exceptions' in logger
}

/** winston writes an error within the fields as `{}`. */
function withPlainError(fields: object): object {
  const { err } = fields as { readonly err?: unknown }
  if (!(err instanceof Error)) return fields
  return { ...fields, err: { ...err, name: err.name, message: err.message, stack: err.stack } }
}

/** pino serializes an error under the name `err`. */
function fieldsOf(event: string, payload: unknown): object {
  const { reason, error, ...rest } = payload as { reason?: unknown; error?: unknown }
  const err = [reason, error].find((field) => field instanceof Error)
  return err === undefined ? { event, ...(payload as object) } : { event, ...rest, err }
}
