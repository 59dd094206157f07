/** What a run cost. */
export interface Cost {
  readonly seconds: number
  /** Used by this process, on all its threads, in the system and outside it. The broker's is not in it. */
  readonly cpuSeconds: number
}

/** Measures one run, from a start to a stop that the contender chooses, so that setting up is not counted. */
export class Stopwatch {
  #startedMs: number | undefined
  #startedCpu: NodeJS.CpuUsage | undefined
  #cost: Cost | undefined

  start(): void {
    this.#startedCpu = process.cpuUsage()
    this.#startedMs = performance.now()
  }

  stop(): void {
    if (this.#startedMs === undefined) throw new Error('The stopwatch was stopped before it was started.')
    const seconds = (performance.now() - this.#startedMs) / 1_000
    const { user, system } = process.cpuUsage(this.#startedCpu)
    this.#cost = { seconds, cpuSeconds: (user + system) / 1_000_000 }
  }

  get cost(): Cost {
    if (this.#cost === undefined) throw new Error('The run did not stop its stopwatch.')
    return this.#cost
  }
}
