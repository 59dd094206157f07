import { type Envelope, routingKeyOf, traceHeaders, type WaitingLine } from '@leveret/log-shipper'

/** pino's own names of its levels. */
const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}
const INFO = 30

/** The beginning of a line with pino's default settings. */
const USUAL = /^\{"level":(\d+),"time":(\d+)/
const NAMED = /^\{"level":\d+,"time":\d+,"pid":\d+,"hostname":"[^"\\]*","name":"([^"\\]*)"/

/** Fields of a line that leveret reads. */
interface Fields {
  readonly level?: unknown
  readonly time?: unknown
  readonly name?: unknown
  readonly trace_id?: unknown
  readonly span_id?: unknown
  readonly trace_flags?: unknown
}

/** Reads the level and the time of a line, which the buffer needs. The text stays as it is. Never throws. */
export function lineOf(text: string): WaitingLine {
  const [, level, time] = USUAL.exec(text) ?? []
  if (level !== undefined) return { text, level: Number(level), time: Number(time) }
  const fields = fieldsOf(text)
  return { text, level: levelOf(fields), time: timeOf(fields) }
}

/** Returns the routing key and the properties of a line. @param levels - names of levels beside pino's own */
export function envelopeOf(line: WaitingLine, template: string, levels: Readonly<Record<number, string>>): Envelope {
  const { text, level } = line
  const isTraced = text.includes('"trace_id"')
  const [, quick] = NAMED.exec(text) ?? []
  const fields: Fields = quick === undefined || isTraced ? fieldsOf(text) : {}
  const name = quick ?? (typeof fields.name === 'string' ? fields.name : undefined)
  const type = levels[level] ?? LEVELS[level] ?? String(level)
  const headers = isTraced ? traceHeaders(fields.trace_id, fields.span_id, fields.trace_flags) : undefined
  return { routingKey: routingKeyOf(template, { name, level: type }), type, appId: name, headers }
}

function fieldsOf(text: string): Fields {
  try {
    return Object(JSON.parse(text)) as Fields
  } catch {
    return {}
  }
}

/** Returns the level as a number. A formatter may have written its name instead. */
function levelOf({ level }: Fields): number {
  if (typeof level === 'number') return level
  const found = Object.entries(LEVELS).find(([, name]) => name === level)
  return found === undefined ? INFO : Number(found[0])
}

function timeOf({ time }: Fields): number {
  const at = typeof time === 'string' || typeof time === 'number' ? new Date(time).getTime() : Number.NaN
  return Number.isNaN(at) ? Date.now() : at
}
