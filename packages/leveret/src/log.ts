import { Console } from 'node:console'
import { inRootContext } from './async/root-context.js'
import { type Events, guarded } from './events.js'

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

  /** Logs a warning about something that the program should correct. Without a logger it is a process warning. */
  warn(message: string, fields: object = {}): void {
    if (this.#logger === undefined) process.emitWarning(`leveret: ${message}`, 'LeveretWarning')
    else this.write('warn', message, fields)
  }
}

/**
 * A logger for leveret's events: a pino, bunyan or winston logger, or `console`.
 *
 * `fields` hold `event`, `connection` and the event's own fields. An error is `fields.err`. No field holds a secret.
 *
 * - `console` gets the message alone. The message says all that a person needs, and fields would fill the screen with
 *   stacks.
 * - A winston logger, recognized by its `transports` and `exceptions`, gets the message first and then the fields, with
 *   the error as an object that JSON can carry.
 * - Any other logger that takes the message first needs a wrapper: `{ info: (fields, message) => other.info(message,
 *   fields), … }`.
 */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Severity of a line: `warn` for what heals by itself, `error` for what does not. */
export type LogLevel = keyof Logger

/** The log line of each event. An event without an entry is not logged. */
export type LogLines<Map extends object> = {
  readonly [Name in keyof Map]?: (payload: Map[Name]) => readonly [LogLevel, string]
}

type Say = (level: LogLevel, fields: object, text: string) => unknown

/** Returns the function that passes a line to this logger, in the argument order that the logger expects. */
function sayingTo(logger: Logger | undefined): Say {
  if (logger === undefined) return () => undefined
  if (logger instanceof Console) return (level, _fields, text) => logger[level](text)
  if (!isWinston(logger)) return (level, fields, text) => logger[level](fields, text)
  const messageFirst = logger as unknown as Record<LogLevel, (message: string, fields: object) => unknown>
  return (level, fields, text) => messageFirst[level](text, withPlainError(fields))
}

/**
 * Recognizes winston. Its loggers, their children and the module itself have both properties; loggers that take the
 * fields first have neither.
 */
function isWinston(logger: Logger): boolean {
  return 'transports' in logger && 'exceptions' in logger
}

/** Replaces the error by a plain object, because winston writes an `Error` within the fields as `{}`. */
function withPlainError(fields: object): object {
  const { err } = fields as { readonly err?: unknown }
  if (!(err instanceof Error)) return fields
  return { ...fields, err: { ...err, name: err.name, message: err.message, stack: err.stack } }
}

/** Puts the event's error under the name `err`, because pino serializes an error under that name only. */
function fieldsOf(event: string, payload: unknown): object {
  const { reason, error, ...rest } = payload as { reason?: unknown; error?: unknown }
  const err = [reason, error].find((field) => field instanceof Error)
  return err === undefined ? { event, ...(payload as object) } : { event, ...rest, err }
}
