import type { Check } from '../../check.js'

/** The tolerated difference, in milliseconds. It exceeds the second to which the broker's clock is known. */
const MOST_MS = 5_000

/** Finds a clock that differs from the broker's: deadlines of calls and times of letters depend on it. */
export const clock: Check = {
  name: 'clock',
  ask: ({ clockAheadMs = 0 }) => {
    if (Math.abs(clockAheadMs) <= MOST_MS) return []
    return [
      {
        severity: 'warning',
        subject: 'clock',
        evidence: `the broker's clock is ${Math.round(Math.abs(clockAheadMs) / 1_000)} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} this machine`,
        wayOut: 'set both clocks by NTP: deadlines of calls and ages of letters depend on them',
      },
    ]
  },
}
