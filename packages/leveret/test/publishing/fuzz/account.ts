import { expect } from 'vitest'
import { type Delivery, Reject, type SubscriberEvents } from '../../../src/index.js'
import type { Fuzzed } from './deliveries.js'

/** A role that tells what becomes of its deliveries. */
export interface Telling {
  on<Name extends keyof SubscriberEvents>(name: Name, listener: (event: SubscriberEvents[Name]) => void): unknown
}

const ENDS = ['delivery.acked', 'delivery.dead-lettered', 'delivery.dropped', 'delivery.ignored'] as const
/** What must not happen to any delivery while broker and connection are well. */
const NEVER = [
  'delivery.stale',
  'delivery.stuck',
  'delivery.skipped',
  'delivery.requeued',
  'handler.late',
  'consumer.cancelled',
  'channel.lost',
  'consume-failed',
] as const

/** What became of every message that was published. */
export class Account {
  readonly published = new Map<string, Fuzzed>()
  readonly surprises: unknown[] = []
  readonly #attempts = new Map<string, number[]>()
  readonly #ends = new Map<string, string[]>()

  /** Does what the plan of the message says. */
  handler = (_payload: unknown, { messageId = '', attempt }: Delivery): void => {
    const attempts = this.#attempts.get(messageId) ?? []
    this.#attempts.set(messageId, [...attempts, attempt])
    const plan = this.published.get(messageId)?.plan
    if (plan === 'rejects') throw new Reject('as planned')
    if (plan === 'fails' || (plan === 'recovers' && attempts.length === 0)) throw new Error('as planned')
  }

  watch(role: Telling): void {
    for (const name of ENDS) {
      role.on(name, (event) => {
        const id = event.messageId ?? ''
        const how = 'reason' in event ? event.reason : name
        this.#ends.set(id, [...(this.#ends.get(id) ?? []), how])
      })
    }
    for (const name of NEVER) role.on(name, (event) => this.surprises.push([name, event]))
  }

  /** Begins again. */
  clear(): void {
    for (const map of [this.published, this.#attempts, this.#ends]) map.clear()
  }

  /** Those that are done, and need not be kept. */
  get done(): number {
    return [...this.#ends.values()].filter(([how = '']) => isDone(how)).length
  }

  /** Those of which nothing has been heard, and that the broker has not given up. */
  get open(): string[] {
    return [...this.published.values()]
      .filter(({ id, expires }) => !expires && !this.#ends.has(id))
      .map(({ id, message }) => `${id} ${message.exchange} ${message.routingKey} ${this.#attempts.get(id)}`)
  }

  /**
   * Each has come to one end, which its plan allows, after no more attempts than the contract has.
   *
   * @param letters - the ids of all dead letters
   */
  check(letters: readonly string[], maxAttempts: number): void {
    const kept = [...this.published.values()].filter(({ id }) => !isDone(this.#ends.get(id)?.[0] ?? ''))
    expect([...letters].sort()).toEqual(kept.map(({ id }) => id).sort())
    const wrong = [...this.published.values()].flatMap((fuzzed) => this.#wrongs(fuzzed, maxAttempts))
    expect(wrong).toEqual([])
    expect(this.surprises).toEqual([])
  }

  /** How many ended in which way. */
  summary(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const id of this.published.keys()) {
      const how = this.#ends.get(id)?.[0] ?? 'expired'
      counts[how] = (counts[how] ?? 0) + 1
    }
    return counts
  }

  #wrongs({ id, plan, expires }: Fuzzed, maxAttempts: number): unknown[] {
    const ends = this.#ends.get(id) ?? []
    const attempts = this.#attempts.get(id) ?? []
    const [end = 'expired'] = ends
    const [first = 1] = attempts
    const isSound =
      ends.length <= 1 &&
      (ends.length === 1 || expires) &&
      attempts.length <= maxAttempts &&
      // Whatever a forged header says of the first, they count on from there, and end in time.
      attempts.every((attempt, index) => attempt === first + index) &&
      (end !== 'delivery.acked' || plan === 'works' || (plan === 'recovers' && attempts.length === 2)) &&
      (plan !== 'works' || attempts.length <= 1) &&
      (end === 'delivery.acked' || end === 'attempts-exhausted' ? attempts.length > 0 : true) &&
      (end !== 'invalid-payload' || attempts.length === 0)
    return isSound ? [] : [{ id, ends, attempts }]
  }
}

function isDone(how: string): boolean {
  return how === 'delivery.acked' || how === 'delivery.ignored'
}
