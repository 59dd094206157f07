/** The error of a failed attempt, as it is reported and kept. */
export interface Failure {
  readonly name: string
  readonly message: string
  /** Kept with the dead letter only where the contract says so. Not enumerable in events, so that no log has it unasked. */
  readonly stack?: string
  /** What was thrown. Not enumerable either. */
  readonly thrown?: unknown
}
