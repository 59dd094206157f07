import { GCProfiler } from 'node:v8'
import { median } from '../rounds.js'

/** What was taken of the heap. Nothing of it depends on how fast the machine is. */
export interface Taken {
  /** Freed or not. */
  readonly bytes: number
  /**
   * Which share of the bytes a collection of the young generation leaves: 0 to 1, the median of the collections. What is left of
   * messages that were done with is moved, twice, and then stays until the next collection of the old generation. `undefined` when
   * there were too few to tell.
   *
   * @see https://v8.dev/blog/trash-talk
   */
  readonly left: number | undefined
}

type Collection = ReturnType<GCProfiler['stop']>['statistics'][number]

/** Counts what is taken of the heap: by how much more of it is in use at the end, and what the garbage collector freed meanwhile. */
export class Meter {
  readonly #collector = new GCProfiler()
  #before = 0

  start(): void {
    this.#collector.start()
    this.#before = process.memoryUsage().heapUsed
  }

  /** @returns what was taken since the start */
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
