/** Converts an AMQP timestamp, in whole seconds since 1970. @returns `undefined` if it is not a valid time */
export function dateOf(seconds: unknown): Date | undefined {
  const date = new Date(typeof seconds === 'number' ? seconds * 1_000 : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}
