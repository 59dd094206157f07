/** A change between two versions of contracts, and its consequence. */
export interface Change {
  /** The contract, by kind and name. */
  readonly contract: string
  /** The message of the contract, and the path in it; empty for the whole contract. */
  readonly path: string
  /**
   * The affected side. `backward`: new readers, and messages that wait in queues, delays and dead letters. `forward`:
   * readers of the old version, and messages of the new one. `topology`: the broker. `routing`: which messages arrive.
   * `info`: nothing breaks; for information.
   */
  readonly side: 'backward' | 'forward' | 'topology' | 'routing' | 'info'
  /** The consequence. `cannot tell` is a warning. */
  readonly answer: 'breaks' | 'cannot tell' | 'ok'
  readonly text: string
}

/** Whether a change in a list breaks something. */
export function isBreaking(changes: readonly Change[]): boolean {
  return changes.some(({ answer }) => answer === 'breaks')
}
