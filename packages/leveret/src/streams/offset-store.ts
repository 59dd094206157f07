/**
 * Remembers how far one reader of one stream has come: a row, a key or a file of its own. Two readers never share one.
 *
 * What is stored is the offset to go on at: all before it are done, and it may not be. A reader that ends without saving its last
 * one gets what it did since then again, never less: at least once.
 */
export interface OffsetStore {
  /** Asked once, at the start. @returns `undefined` when nothing was saved, or a whole number from 0 */
  load(): PromiseLike<number | undefined>
  /**
   * Called with rising offsets, unless the stream was made anew; one call at a time. One that takes longer than 10 s has failed, and may overlap with the next.
   * A failed one stops nothing and is made again, with whatever is the offset then; the last one, while there is time to close.
   */
  save(offset: number): PromiseLike<void>
}

/** Remembers in this process: for tests, and for readers that are closed and made again in one program. */
export class MemoryOffsetStore implements OffsetStore {
  #offset: number | undefined

  async load(): Promise<number | undefined> {
    return this.#offset
  }

  async save(offset: number): Promise<void> {
    this.#offset = offset
  }
}
