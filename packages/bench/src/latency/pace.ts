import { setTimeout as sleep } from 'node:timers/promises'

/** Amount of work, and its rate. */
export interface Pace {
  readonly messages: number
  readonly aSecond: number
}

/**
 * Calls `begin` for each message at a steady rate, and waits until all have settled. A timer may be late, and the
 * missed messages then follow at once. The timer fires about once a message.
 */
export async function inPace(
  { messages, aSecond }: Pace,
  begin: (settled: (error?: unknown) => void) => void,
): Promise<void> {
  let settleAll: (error?: unknown) => void = () => undefined
  const done = new Promise<void>((resolve, reject) => {
    settleAll = (error) => (error ? reject(error) : resolve())
  })
  let ended = 0
  const settled = (error?: unknown): void => {
    ended += 1
    if (error || ended === messages) settleAll(error)
  }
  await Promise.all([done, beginAll({ messages, aSecond }, () => begin(settled))])
}

async function beginAll({ messages, aSecond }: Pace, begin: () => void): Promise<void> {
  const startedMs = performance.now()
  for (let begun = 0; begun < messages; ) {
    const passedMs = performance.now() - startedMs
    const due = Math.min(messages, Math.floor((passedMs * aSecond) / 1_000) + 1)
    for (; begun < due; begun += 1) begin()
    // Timers take whole milliseconds.
    if (begun < messages) await sleep(Math.max(1, Math.ceil((begun * 1_000) / aSecond - passedMs)))
  }
}
