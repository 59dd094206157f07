import type { ReceivedMessage } from '../connection/message.js'
import { offsetOf } from '../connection/stream-offset.js'
import { ActiveDelivery } from './active-delivery.js'
import type { Life } from './life.js'
import type { Lineage } from './lineage.js'

/** One attempt at a delivery of a stream. The same delivery is the next attempt too, so nothing but this process counts them. */
export class StreamDelivery extends ActiveDelivery {
  override readonly lineage: Lineage

  constructor(message: ReceivedMessage, life: Life, attempt: number) {
    super(message, life, false)
    this.lineage = { exchange: message.fields.exchange, routingKey: message.fields.routingKey, attempt }
  }

  override get offset(): number | undefined {
    return offsetOf(this.message)
  }
}
