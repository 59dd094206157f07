import type { Vhost } from '@leveret/testing/vitest'
import { runProgram } from './program.js'

/** What happened to one task in one run of the program. */
interface Said {
  readonly did: 'began' | 'ended' | 'dies'
  readonly n: number
  /** How often it had come back unsettled. */
  readonly returns: number
  /** What was being handled then, itself among it. */
  readonly running: readonly number[]
}

/** What {@link crashUntilDone} makes of a worker. */
export interface CrashOptions {
  /** As `workQueue` takes it. */
  readonly queue: object
  /** The tasks whose handler kills its process. */
  readonly poison: readonly number[]
}

/** It takes more runs than twenty for each poison only when something is wrong. */
const MAX_RUNS = 60
/** Nothing came for so long: there is nothing left. */
const IDLE_MS = 600

/**
 * Runs a worker of `tasks` again and again, each time in a process of its own, until one finds nothing left to do,
 * and the queue is empty.
 *
 * @returns what each run said, in its order
 */
export async function crashUntilDone(vhost: Vhost, options: CrashOptions): Promise<Said[][]> {
  const runs: Said[][] = []
  for (let run = 1; run <= MAX_RUNS; run += 1) {
    const { lines, code, stderr } = await runProgram(vhost.url, worker(options))
    runs.push(lines.map((line) => JSON.parse(line) as Said))
    // The broker may not have noticed yet that the last one is gone, and keep what that had for it.
    if (code === 0 && (await vhost.queue('tasks')).messages === 0) return runs
    if (stderr !== '') throw new Error(`run ${run} failed: ${stderr}`)
  }
  throw new Error(`there was still something to do after ${MAX_RUNS} runs`)
}

/** Innocents take longer than a poison, so that all unsettled deliveries beside one die with it. */
function worker({ queue, poison }: CrashOptions): string {
  return `
    const contract = workQueue('tasks', { payload: z.object({ n: z.number() }), queue: ${JSON.stringify(queue)} })
    const poison = ${JSON.stringify(poison)}
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    const running = new Set()
    let lastMs = 0
    const handler = async ({ n }, { deliveryCount }) => {
      const returns = deliveryCount ?? 0
      const say = (did) => console.log(JSON.stringify({ did, n, returns, running: [...running] }))
      running.add(n)
      say('began')
      await pause(poison.includes(n) ? 15 : 45)
      if (poison.includes(n)) {
        say('dies')
        process.kill(process.pid, 'SIGKILL')
      }
      say('ended')
      running.delete(n)
      lastMs = Date.now()
    }
    const rabbit = await connect(url)
    await new Worker(rabbit, contract, handler, { concurrency: 10, prefetch: 10 }).start()
    lastMs = Date.now()
    while (running.size > 0 || Date.now() - lastMs < ${IDLE_MS}) await pause(20)
    await rabbit.close()`
}
