import { GCProfiler } from 'node:v8'

/**
 * Counts the bytes of heap that are taken, freed or not: by how much more of it is in use at the end, and what the garbage
 * collector freed meanwhile. Nothing of that depends on how fast the machine is.
 */
export class Meter {
  readonly #collector = new GCProfiler()
  #before = 0

  start(): void {
    this.#collector.start()
    this.#before = process.memoryUsage().heapUsed
  }

  /** @returns bytes since the start */
  stop(): number {
    const more = process.memoryUsage().heapUsed - this.#before
    const { statistics } = this.#collector.stop()
    const freed = statistics.map(
      ({ beforeGC, afterGC }) => beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    )
    return freed.reduce((sum, bytes) => sum + bytes, more)
  }
}
