/** A span of time: the sum of its parts. */
export interface Duration {
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
  readonly milliseconds?: number
}

export function millisecondsOf({ hours = 0, minutes = 0, seconds = 0, milliseconds = 0 }: Duration): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
}
