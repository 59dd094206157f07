/** Cost of a run. */
export interface Cost {
  readonly seconds: number
  /** CPU time of this process, on all its threads, in user and system mode. That of the broker is not included. */
  readonly cpuSeconds: number
  /** How many bytes the memory of this process exceeded that before the run, at most. */
  readonly grownBytes: number
}

/** Interval at which the memory is read by default. */
const LOOK_MS = 20

/** Measures one run, from a start to a stop that the contender chooses, so that its set-up is not counted. */
export class Stopwatch {
  readonly #lookMs: number
  #startedMs: number | undefined
  #startedCpu: NodeJS.CpuUsage | undefined
  #startedBytes = 0
  #mostBytes = 0
  #looking: NodeJS.Timeout | undefined
  #cost: Cost | undefined

  constructor(lookMs = LOOK_MS) {
    this.#lookMs = lookMs
  }

  start(): void {
    this.#startedBytes = process.memoryUsage.rss()
    this.#mostBytes = this.#startedBytes
    this.#looking = setInterval(() => this.#look(), this.#lookMs)
    this.#startedCpu = process.cpuUsage()
    this.#startedMs = performance.now()
  }

  stop(): void {
    if (this.#startedMs === undefined) throw new Error('The stopwatch was stopped before it was started.')
    const seconds = (performance.now() - this.#startedMs) / 1_000
    const { user, system } = process.cpuUsage(this.#startedCpu)
    clearInterval(this.#looking)
    this.#look()
    this.#cost = {
      seconds,
      cpuSeconds: (user + system) / 1_000_000,
      grownBytes: this.#mostBytes - this.#startedBytes,
    }
  }

  get cost(): Cost {
    if (this.#cost === undefined) throw new Error('The run did not stop its stopwatch.')
    return this.#cost
  }

  #look(): void {
    this.#mostBytes = Math.max(this.#mostBytes, process.memoryUsage.rss())
  }
}
