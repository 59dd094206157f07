import { InvalidArgumentError } from 'commander'
import { spanMs } from '../terminal/times.js'

/** Reads a whole number from 1 on. */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('expected a whole number from 1 on')
  return number
}

/** Reads a number above 0. */
export function positiveNumber(text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('expected a number above 0')
  return number
}

/** Reads a span of time. @returns milliseconds */
export function span(text: string): number {
  const ms = spanMs(text)
  if (ms === undefined) throw new InvalidArgumentError('expected a span of time, such as 1500ms, 90s, 5m, 2h or 7d')
  return ms
}

/** Collects `key=value`, given once or several times. */
export function pair(text: string, known: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('expected key=value')
  return { ...known, [text.slice(0, at)]: text.slice(at + 1) }
}

/** Collects texts, given with commas or several times. */
export function list(text: string, known: readonly string[] = []): string[] {
  return [
    ...known,
    ...text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  ]
}
