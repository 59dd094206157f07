import { Events } from '../../events.js'
import type { Delivery } from '../../message/delivery.js'
import type { DeliveryEvent, RoleEvent } from './worker-events.js'

/** A delivery that events can tell of. */
export interface ToldDelivery extends Delivery {
  /** How long its attempt has taken, until it ended. */
  readonly durationMs: number
}

/** The events of one role. Each says which role and queue it is of. Nothing is made where nobody listens. */
export class RoleEvents<Map extends object> extends Events<Map> {
  readonly #role: RoleEvent['role']
  readonly #queue: () => string

  /** @param queue - which queue it consumes, or had last */
  constructor(role: RoleEvent['role'], queue: () => string) {
    super()
    this.#role = role
    this.#queue = queue
  }

  /** Emits what happened to the role. */
  tell<Name extends keyof Map & string>(name: Name, more: Omit<Map[Name], keyof RoleEvent>): void {
    if (!this.has(name)) return
    this.emit(name, { role: this.#role, queue: this.#queue(), ...more } as Map[Name])
  }

  /** Emits what happened to one delivery. */
  tellOf<Name extends keyof Map & string>(
    name: Name,
    { queue, messageId, attempt, durationMs, offset }: ToldDelivery,
    more: Omit<Map[Name], keyof DeliveryEvent>,
  ): void {
    if (!this.has(name)) return
    const event = { role: this.#role, queue, messageId, attempt, durationMs, ...more }
    this.emit(name, (offset === undefined ? event : { ...event, offset }) as Map[Name])
  }
}
