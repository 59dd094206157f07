/** An offset store in memory: for tests, and for readers that are closed and created again in one program. */
export class MemoryOffsetStore implements OffsetStore {
  #offset: number | undefined

  async load(): Promise<number | undefined> {
    return this.#offset
  }

  async save(offset: number): Promise<void> {
    this.#offset = offset
  }
}

/**
 * Remembers how far one reader of one stream has read: a row, a key or a file of its own. Two readers never share one.
 *
 * The stored offset is the one to continue at: everything before it is done, and the message at it may not be. A reader
 * that ends without saving its last offset gets the messages since the last save again: at least once.
 */
export interface OffsetStore {
  /** Called once, at the start. @returns `undefined` when nothing was saved, or a whole number from 0 */
  load(): PromiseLike<number | undefined>
  /**
   * Called with rising offsets, unless the stream was deleted and created again; one call at a time. A call that takes
   * longer than 10 s has failed, and may overlap with the next. After a failed call reading continues, and the save is
   * repeated with the offset of that time; the last one is repeated while there is time to close.
   */
  save(offset: number): PromiseLike<void>
}
