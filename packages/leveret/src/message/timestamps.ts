/** AMQP counts whole seconds since 1970. @returns `undefined` for what is no time at all */
export function dateOf(seconds: unknown): Date | undefined {
  const date = new Date(typeof seconds === 'number' ? seconds * 1_000 : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}
