import {
  type Envelope,
  LogShipper,
  routingKeyOf,
  type ShipperOptions,
  Stderr,
  traceHeaders,
  type WaitingLine,
} from '@leveret/log-shipper'
import type { Connection } from 'leveret'
import Transport from 'winston-transport'

/** A line as winston passes it to a transport. */
export type LogInfo = Readonly<Record<string | symbol, unknown>> & { readonly level: string; readonly message: unknown }

/** Options of {@link RabbitMQTransport}. */
export interface RabbitMQTransportOptions extends ShipperOptions, Transport.TransportStreamOptions {
  /**
   * The connection to ship lines with. Use one for logs alone: `connect(url, { name: 'shop logs', startupTimeoutMs:
   * Infinity })`. Its `logger` must not write to this transport. Required
   */
  readonly rabbit: Connection
  /**
   * The routing key of a line: a function, or a template. In a template, `{level}` is the level of the line and
   * `{service}` its field `service`. @defaultValue '{service}.{level}'
   */
  readonly routingKey?: string | ((info: LogInfo) => string) | undefined
}

interface WinstonLine extends WaitingLine {
  readonly envelope: Envelope
}

const MESSAGE = Symbol.for('message')
const LEVEL = Symbol.for('level')
/** Levels of winston, as pino numbers them. A name that is not listed counts as information. */
const LEVELS: Readonly<Record<string, number>> = {
  silly: 10,
  debug: 20,
  verbose: 20,
  http: 30,
  info: 30,
  notice: 30,
  warn: 40,
  warning: 40,
  error: 50,
  crit: 60,
  alert: 60,
  emerg: 60,
}
const INFO = 30

/**
 * Ships the lines of winston to an exchange. It never blocks winston and never emits `error`: lines wait in a bounded
 * buffer, and dropped lines are counted.
 */
export class RabbitMQTransport extends Transport {
  readonly #shipper: LogShipper<WinstonLine>
  readonly #stderr = new Stderr()
  readonly #routingKey: string | ((info: LogInfo) => string)
  #closing: Promise<void> | undefined
  /** The service of the last line that named one. */
  #service: string | undefined

  constructor(options: RabbitMQTransportOptions) {
    super(options)
    const { rabbit, routingKey = '{service}.{level}' } = options
    this.#routingKey = routingKey
    this.#shipper = new LogShipper(options, {
      rabbit,
      envelopeOf: ({ envelope }) => envelope,
      noticeOf: ({ msg: message, ...notice }) => {
        const info = { level: 'warn', message, service: this.#service, ...notice }
        return {
          text: JSON.stringify(info),
          time: notice.time,
          level: LEVELS.warn ?? INFO,
          envelope: this.#envelopeOf(info),
        }
      },
    })
  }

  override log(info: LogInfo, next: () => void): void {
    // Called first, because winston's back-pressure would slow the application down.
    next()
    try {
      const level = LEVELS[levelOf(info)] ?? INFO
      this.#shipper.push({ text: contentOf(info), level, time: Date.now(), envelope: this.#envelopeOf(info) })
    } catch (error) {
      // The application's own `routingKey`, or a getter of what it logged, has thrown.
      this.#stderr.say(`leveret logs: a line cannot be sent and is dropped: ${String(error)}`)
    }
  }

  /** Waits until all lines are stored, at most `closeTimeoutMs`. The connection stays open. */
  flush(): Promise<void> {
    this.#closing ??= this.#shipper.close()
    return this.#closing
  }

  override _final(callback: (error?: Error | null) => void): void {
    void this.flush().then(() => callback())
  }

  #envelopeOf(info: LogInfo): Envelope {
    const level = levelOf(info)
    const service = typeof info.service === 'string' ? info.service : undefined
    this.#service = service ?? this.#service
    const routingKey =
      typeof this.#routingKey === 'function'
        ? this.#routingKey(info)
        : routingKeyOf(this.#routingKey, { level, service })
    const headers = traceHeaders(info.trace_id, info.span_id, info.trace_flags)
    return { routingKey, type: level, appId: service, headers }
  }
}

function levelOf(info: LogInfo): string {
  return typeof info[LEVEL] === 'string' ? info[LEVEL] : info.level
}

/** Returns the line as JSON. Fields that JSON cannot write, such as a circular one, cost the line all of its fields. */
function contentOf(info: LogInfo): string {
  const text = info[MESSAGE]
  const isText = typeof text === 'string'
  if (isText && text.startsWith('{')) return text
  try {
    return JSON.stringify(isText ? { ...info, message: text } : info)
  } catch (error) {
    return JSON.stringify({
      level: info.level,
      message: isText ? text : String(info.message),
      unwritten: String(error),
    })
  }
}
