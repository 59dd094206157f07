import { ActiveDelivery } from '../delivery/active-delivery.js'
import type { End } from '../delivery/delivery-channel.js'
import type { SharedCall } from './shared-call.js'

/** A delivery that is handled with others, in one call. */
export class BatchedDelivery<Payload> extends ActiveDelivery {
  /** The call that is made for its batch, while there is one. */
  call: SharedCall<Payload, BatchedDelivery<Payload>> | undefined

  /** Its handler gets one signal for the whole batch. */
  override get mayHaveStopped(): boolean {
    return this.end !== undefined && this.call !== undefined
  }

  /** The time of one is the time of all that are handled with it. */
  override abort(how: End, reason: Error): void {
    super.abort(how, reason)
    if (how !== 'late') return
    for (const other of this.call?.joined ?? []) if (other.end === undefined) other.abort(how, reason)
  }

  override awaitsClose(): void {
    for (const delivery of this.call?.joined ?? [this]) this.life.awaitsClose(delivery)
  }
}
