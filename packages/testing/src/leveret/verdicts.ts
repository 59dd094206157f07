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

/** What a worker or a subscriber made of a delivery: the event of that name, and what it says. */
export type TestVerdict = { [Did in End]: { readonly did: Did } & WorkerEvents[`delivery.${Did}`] }[End]

/** A worker or a subscriber, as far as its events are listened to here. */
export interface Judging {
  on<Did extends End>(name: `delivery.${Did}`, listener: (payload: WorkerEvents[`delivery.${Did}`]) => void): unknown
}

/** Resolves with what becomes of the first delivery that ends. */
export function firstVerdict(role: Judging): Promise<TestVerdict> {
  return new Promise((resolve) => {
    for (const did of ENDS) role.on(`delivery.${did}`, (event) => resolve({ did, ...event } as TestVerdict))
  })
}
