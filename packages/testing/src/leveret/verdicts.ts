import type { WorkerEvents } from 'leveret'

const ENDS = [
  'acked',
  'retried',
  'dead-lettered',
  'dropped',
  'ignored',
  'stale',
  'stuck',
  'skipped',
  'postponed',
  'requeued',
] as const

type End = (typeof ENDS)[number]

/** Outcome of a delivery at a worker or a subscriber: the name of its event, and the event's content. */
export type TestVerdict = { [Did in End]: { readonly did: Did } & WorkerEvents[`delivery.${Did}`] }[End]

/** The part of a worker or a subscriber whose events are read here. */
export interface Judging {
  on<Did extends End>(name: `delivery.${Did}`, listener: (payload: WorkerEvents[`delivery.${Did}`]) => void): unknown
}

/** Resolves with the outcome of the first delivery that ends. */
export function firstVerdict(role: Judging): Promise<TestVerdict> {
  return new Promise((resolve) => {
    for (const did of ENDS) role.on(`delivery.${did}`, (event) => resolve({ did, ...event } as TestVerdict))
  })
}
