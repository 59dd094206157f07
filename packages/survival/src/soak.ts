import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './faults/fault.js'
import { Random } from './random.js'
import type { Stage } from './stage.js'

/** The next fault, and the pause before it. */
export interface Step {
  readonly fault: string
  readonly pauseMs: number
}

const LONGEST_PAUSE_MS = 5_000

/** Yields random faults without an end: the same ones for the same names and the same seed. */
export function* plan(names: readonly string[], seed: number): Generator<Step, never> {
  if (names.length === 0) throw new RangeError('There is nothing to choose from.')
  const random = new Random(seed)
  for (;;) {
    const fault = names[random.below(names.length)] ?? ''
    yield { fault, pauseMs: random.below(LONGEST_PAUSE_MS) }
  }
}

/** Combines many faults into one, for one client that runs all the time. */
export function soakOf(faults: readonly Fault[], seed: number, minutes: number, tell: (line: string) => void): Fault {
  const named = new Map(faults.map((fault) => [fault.name, fault]))
  return {
    name: 'soak',
    summary: `faults at random for ${minutes} minutes`,
    scope: 'broker',
    // The provider lets the password change for good. Until then it returns the password of the URL.
    client: ({ passwordFile }) => ({ passwordFile }),
    strike: async (stage) => {
      const endAt = Date.now() + minutes * 60_000
      const steps = plan([...named.keys()], seed)
      for (let count = 1; Date.now() < endAt; count += 1) {
        const { fault, pauseMs } = steps.next().value
        await delay(pauseMs)
        tell(`${count}. ${fault}${since(stage)}`)
        await named.get(fault)?.strike(stage)
      }
    },
  }
}

function since({ ledger: { ledger } }: Stage): string {
  return `, ${ledger.messages.size} messages so far`
}
