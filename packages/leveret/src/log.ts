import { Console } from 'node:console'
import { inRootContext } from './async/root-context.js'
import { inReportScope } from './async/tracing.js'
import type { Failure } from './errors/failure.js'
import { stackOf } from './errors/message-of.js'
import { warnOnce } from './errors/warn-once.js'
import { type Events, guarded } from './events.js'

/** The log of one connection, if there is a logger. */
export class Log {
  readonly #logger: Logger | TextLogger | undefined
  readonly #say: Say
  readonly #connection: string

  constructor(logger: Logger | TextLogger | undefined, connection: string) {
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

  /**
   * Reports the first event of each of these names as a process warning if there is no logger, so that failures are
   * seen without any set-up.
   *
   * @param who - the owner of the events; each owner warns once per name in a process
   */
  warnFirst<Map extends object>(
    events: Events<Map>,
    lines: LogLines<Map>,
    who: string,
    codes: WarningCodes<Map>,
  ): void {
    if (this.#logger !== undefined) return
    for (const name of Object.keys(codes) as (keyof Map & string)[]) {
      events.once(name, (payload) => {
        const [, message] = lines[name]?.(payload) ?? []
        const code = codes[name]
        if (message !== undefined && code !== undefined)
          warnOfFirst(who, name, code, { message, detail: stackIn(payload) })
      })
    }
  }

  write(level: LogLevel, message: string, fields: object = {}): void {
    if (this.#logger === undefined) return
    const all = { connection: this.#connection, ...fields }
    const text = `leveret: ${message}`
    inRootContext(guarded, 'the logger', () => inReportScope(() => this.#say(level, all, text)))
  }

  /** Logs a warning about something that the program should correct. Without a logger it is a process warning. */
  warn(message: string, fields: object = {}): void {
    if (this.#logger === undefined) process.emitWarning(`leveret: ${message}`, 'LeveretWarning')
    else this.write('warn', message, fields)
  }
}

/**
 * A logger for leveret's events: a pino, bunyan or winston logger, or `console`, as it is.
 *
 * `fields` hold `event`, `connection` and the event's own fields. An error is `fields.err`, with its stack. No field
 * holds a secret.
 *
 * - `console` gets the message alone. The message says all that a person needs, and fields would fill the screen with
 *   stacks.
 * - A winston logger, recognized by its `transports` and `exceptions`, gets the message first and then the fields.
 *   winston and bunyan get the error as an object that JSON can carry.
 * - Any other logger that takes the message first needs a wrapper: `{ info: (fields, message) => other.info(message,
 *   fields), … }`.
 */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A logger that takes texts, and has `log` where others have `info`, as Nest's has. An error goes with its stack. */
export interface TextLogger {
  log(message: string): unknown
  warn(message: string): unknown
  error(message: string, stack?: string): unknown
  debug?(message: string): unknown
}

/** Severity of a line: `warn` for what heals by itself, `error` for what does not. */
export type LogLevel = keyof Logger

/** The log line of each event. An event without an entry is not logged. */
export type LogLines<Map extends object> = {
  readonly [Name in keyof Map]?: (payload: Map[Name]) => readonly [LogLevel, string]
}

/** The code of the warning of an event. */
export type WarningCodes<Map extends object> = { readonly [Name in keyof Map]?: string }

function warnOfFirst(
  who: string,
  event: string,
  code: string,
  { message, detail }: { message: string; detail: string },
): void {
  const advice = `Only the first case of the ${who} is reported: give connect() a logger, or listen to the event '${event}', to see each case`
  warnOnce(who, `leveret: ${message}. ${advice}`, { code, detail })
}

function stackIn(payload: unknown): string {
  const { err } = fieldsOf('', payload) as { readonly err?: unknown }
  return err instanceof Error ? stackOf(err) : ''
}

type Say = (level: LogLevel, fields: object, text: string) => unknown

/** Returns the function that passes a line to this logger, in the argument order that the logger expects. */
function sayingTo(logger: Logger | TextLogger | undefined): Say {
  if (logger === undefined) return () => undefined
  if (logger instanceof Console) return (level, _fields, text) => logger[level](text)
  if (!('info' in logger)) return sayingText(logger)
  if (isBunyan(logger)) return (level, fields, text) => logger[level](withPlainError(fields), text)
  if (!isWinston(logger)) return (level, fields, text) => logger[level](fields, text)
  const messageFirst = logger as unknown as Record<LogLevel, (message: string, fields: object) => unknown>
  return (level, fields, text) => messageFirst[level](text, withPlainError(fields))
}

function sayingText(logger: TextLogger): Say {
  return (level, fields, text) => {
    const { err } = fields as { readonly err?: unknown }
    if (level === 'error') return err instanceof Error ? logger.error(text, stackOf(err)) : logger.error(text)
    return level === 'info' ? logger.log(text) : logger[level]?.(text)
  }
}

/**
 * Recognizes winston. Its loggers, their children and the module itself have both properties; loggers that take the
 * fields first have neither.
 */
function isWinston(logger: Logger): boolean {
  return 'transports' in logger && 'exceptions' in logger
}

function isBunyan(logger: Logger): boolean {
  return 'streams' in logger && 'addSerializers' in logger
}

/**
 * Replaces the error by a plain object: winston, and bunyan without its serializer, write an `Error` within the fields
 * as `{}`.
 */
function withPlainError(fields: object): object {
  const { err } = fields as { readonly err?: unknown }
  if (!(err instanceof Error)) return fields
  return { ...fields, err: { ...err, name: err.name, message: err.message, stack: stackOf(err) } }
}

/** Puts the event's error under the name `err`, because pino serializes an error under that name only. */
function fieldsOf(event: string, payload: unknown): object {
  const { reason, error, failure, ...rest } = payload as Partial<Record<'reason' | 'error' | 'failure', unknown>>
  const thrown = (failure as Failure | undefined)?.thrown
  const err = [reason, error, thrown].find((field) => field instanceof Error)
  if (err === undefined) return { event, ...(payload as object) }
  const others = {
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(thrown === err ? {} : definedFailure(failure)),
  }
  return { event, ...rest, ...others, err }
}

function definedFailure(failure: unknown): object {
  return failure === undefined ? {} : { failure }
}
