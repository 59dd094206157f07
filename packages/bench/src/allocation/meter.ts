import { GCProfiler } from 'node:v8'
import { median } from '../rounds.js'

/** Heap that was taken. The figures do not depend on the speed of the machine. */
export interface Taken {
  /** Bytes that were taken, freed or not. */
  readonly bytes: number
  /**
   * Share of the bytes that a collection of the young generation keeps: 0 to 1, the median of the collections. Remains
   * of finished messages are moved twice, and then stay until the next collection of the old generation. `undefined` if
   * there were too few collections.
   *
   * @see https://v8.dev/blog/trash-talk
   */
  readonly left: number | undefined
}

type Collection = ReturnType<GCProfiler['stop']>['statistics'][number]

/**
 * Measures how much of the heap is taken: the growth of the used heap, plus what the garbage collector freed meanwhile.
 */
export class Meter {
  readonly #collector = new GCProfiler()
  #before = 0

  start(): void {
    this.#collector.start()
    this.#before = process.memoryUsage().heapUsed
  }

  /** @returns the heap that was taken since the start */
  stop(): Taken {
    const more = process.memoryUsage().heapUsed - this.#before
    const { statistics } = this.#collector.stop()
    const freed = statistics.map(({ beforeGC, afterGC }) => usedIn(beforeGC) - usedIn(afterGC))
    const shares = sharesLeft(statistics)
    const left = shares.length === 0 ? undefined : median(shares)
    return { bytes: freed.reduce((sum, bytes) => sum + bytes, more), left }
  }
}

function sharesLeft(collections: readonly Collection[]): number[] {
  return collections.flatMap((collection, index) => {
    const former = collections[index - 1]
    if (former?.gcType !== 'Scavenge' || collection.gcType !== 'Scavenge') return []
    const before = usedIn(former.afterGC)
    return [(usedIn(collection.afterGC) - before) / (usedIn(collection.beforeGC) - before)]
  })
}

function usedIn({ heapStatistics }: Collection['beforeGC']): number {
  return heapStatistics.usedHeapSize
}
