import { Events } from '../../events.js'
import type { Delivery } from '../../message/delivery.js'
import type { DeliveryEvent, RoleEvent } from './worker-events.js'

/** The events of one role. Each event names its role and queue. An event without listeners is not created. */
export class RoleEvents<Map extends object> extends Events<Map> {
  readonly #role: RoleEvent['role']
  readonly #queue: () => string

  /** @param queue - returns the queue that the role consumes, or consumed last */
  constructor(role: RoleEvent['role'], queue: () => string) {
    super()
    this.#role = role
    this.#queue = queue
  }

  /** Emits an event of the role. */
  report<Name extends keyof Map & string>(name: Name, more: Omit<Map[Name], keyof RoleEvent>): void {
    if (!this.has(name)) return
    this.emit(name, { role: this.#role, queue: this.#queue(), ...more } as Map[Name])
  }

  /** Emits an event about one delivery. */
  reportDelivery<Name extends keyof Map & string>(
    name: Name,
    delivery: ReportedDelivery,
    more: Omit<Map[Name], keyof DeliveryEvent>,
  ): void {
    if (!this.has(name)) return
    const { queue, messageId, attempt, durationMs, offset } = delivery
    const event = { role: this.#role, queue, messageId, attempt, durationMs, ...more }
    this.emit(name, (offset === undefined ? event : { ...event, offset }) as Map[Name])
  }
}

/** A delivery in an event. */
export interface ReportedDelivery extends Delivery {
  /** How long its attempt has taken so far, or took until it ended. */
  readonly durationMs: number
}
