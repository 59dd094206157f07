import { ActiveDelivery } from '../delivery/active-delivery.js'
import type { End } from '../delivery/delivery-channel.js'
import type { SharedCall } from './shared-call.js'

/** A delivery that is handled together with others, in one call of the handler. */
export class BatchedDelivery<Payload> extends ActiveDelivery {
  /** The handler call of its batch, while there is one. */
  call: SharedCall<Payload, BatchedDelivery<Payload>> | undefined

  /** Whether the handler may have stopped half-way: it gets one signal for the whole batch. */
  override get mayHaveStopped(): boolean {
    return this.end !== undefined && this.call !== undefined
  }

  /** Aborts this delivery. If its time is up, the time of all deliveries in the same call is up too. */
  override abort(how: End, reason: Error): void {
    super.abort(how, reason)
    if (how !== 'late') return
    for (const other of this.call?.joined ?? []) if (other.end === undefined) other.abort(how, reason)
  }

  override awaitsClose(): void {
    for (const delivery of this.call?.joined ?? [this]) this.channel.awaitsClose(delivery)
  }
}
