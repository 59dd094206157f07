/** A change between two versions of contracts, and what it means. */
export interface Change {
  /** The contract, by kind and name. */
  readonly contract: string
  /** The message of the contract, and where in it; empty where it is about the whole. */
  readonly path: string
  /**
   * The side that is concerned. `backward`: new readers, and messages that wait in queues, delays and dead letters.
   * `forward`: readers of the old version,
   * and messages of the new one. `topology`: the broker. `routing`: which messages come. `told`: nothing breaks, and
   * somebody should know.
   */
  readonly side: 'backward' | 'forward' | 'topology' | 'routing' | 'told'
  /** `cannot tell` is a warning. */
  readonly answer: 'breaks' | 'cannot tell' | 'ok'
  readonly text: string
}

/** Whether a list of changes holds one that breaks something. */
export function isBreaking(changes: readonly Change[]): boolean {
  return changes.some(({ answer }) => answer === 'breaks')
}
