import type { Delivery } from '../connection/delivery.js'
import type { ReceivedMessage } from '../connection/message.js'
import { andThen, type Soon } from '../soon.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { Attempts, Task } from './attempts.js'
import type { Life } from './life.js'
import type { Read, Reader } from './reader.js'
import type { Settlement } from './settlement.js'
import type { Settling } from './settler.js'
import { MAX_RETURNS, type Suspicion } from './suspicion.js'
import type { Verdict } from './verdict.js'

type Conclude<D extends ActiveDelivery> = Task<unknown, D>['conclude']

/** What a processor is made of. */
export interface ProcessorOptions<Payload, D extends ActiveDelivery> {
  readonly suspicion: Suspicion
  readonly reader: Reader<Payload>
  readonly attempts: Attempts<Payload, D>
  readonly settler: Settling
  deliveryOf(message: ReceivedMessage, life: Life): D
  settled(delivery: Delivery, settlement: Settlement): void
}

/** Takes a delivery from its bytes to its settlement: count, read, wait for a slot, attempt, conclude. */
export class Processor<Payload, D extends ActiveDelivery> {
  readonly #options: ProcessorOptions<Payload, D>

  constructor(options: ProcessorOptions<Payload, D>) {
    this.#options = options
  }

  /**
   * Works on a delivery until it is settled or its life has ended. Never throws or rejects.
   *
   * @returns `false` when it did not begin: it is to be given back
   */
  process(message: ReceivedMessage, life: Life): Soon<boolean> {
    const delivery = this.#options.deliveryOf(message, life)
    life.begin(delivery)
    try {
      const processing = this.#process(delivery)
      return processing instanceof Promise ? this.#later(processing, delivery) : this.#ended(processing, delivery)
    } catch (error) {
      return this.#stuck(error, delivery)
    }
  }

  async #later(processing: Promise<boolean>, delivery: D): Promise<boolean> {
    try {
      return this.#ended(await processing, delivery)
    } catch (error) {
      return this.#stuck(error, delivery)
    }
  }

  #stuck(error: unknown, delivery: D): boolean {
    this.#options.settled(delivery, stuckOver(error))
    return this.#ended(true, delivery)
  }

  #ended(begun: boolean, delivery: D): boolean {
    delivery.life.finish(delivery)
    return begun
  }

  #process(delivery: D): Soon<boolean> {
    const { suspicion, settler } = this.#options
    const { message, life } = delivery
    if (suspicion.isWornOut(message)) return andThen(this.#conclude(delivery, WORN_OUT), () => true)
    const returns = suspicion.uncounted(message)
    if (returns === undefined) return this.#read(delivery)
    return andThen(settler.recount(message, life, returns), (done) => done || this.#read(delivery))
  }

  #read(delivery: D): Soon<boolean> {
    return andThen(this.#options.reader.read(delivery), (read) => this.#attempt(delivery, read))
  }

  #attempt(delivery: D, read: Read<Payload>): Soon<boolean> {
    const conclude: Conclude<D> = (verdict, attempt = delivery) => this.#conclude(attempt, verdict)
    const { attempts } = this.#options
    if ('do' in read) {
      const again = read.do === 'retry' ? attempts.readAgain?.({ delivery, conclude }, read) : undefined
      return again ?? andThen(conclude(read), () => true)
    }
    const { payload, key } = read
    return !delivery.life.signal.aborted && attempts.make({ payload, key, delivery, conclude })
  }

  #conclude(delivery: ActiveDelivery, verdict: Verdict): Soon<Settlement> {
    const settling = this.#settle(delivery, verdict)
    delivery.concludes(settling)
    return andThen(settling, (settlement) => {
      this.#options.settled(delivery, settlement)
      return settlement
    })
  }

  /** A defect of ours must not lose the message or end the process: it stays unacknowledged, and says why. */
  #settle(delivery: ActiveDelivery, verdict: Verdict): Soon<Settlement> {
    if (delivery.isAcknowledged) return outcomeOf(verdict)
    try {
      const settling = this.#options.settler.settle(verdict, delivery)
      return settling instanceof Promise ? settling.catch(stuckOver) : settling
    } catch (error) {
      return stuckOver(error)
    }
  }
}

const WORN_OUT: Verdict = {
  do: 'dead-letter',
  reason: 'delivery-limit',
  failure: {
    name: 'DeliveryLimit',
    message: `it came back unsettled ${MAX_RETURNS} times: whatever handles it may be ended by it`,
  },
}

function stuckOver(error: unknown): Settlement {
  return { did: 'stuck', error: error instanceof Error ? error : new Error(String(error)) }
}

/** Of a delivery that was acknowledged before: there is no other attempt. */
function outcomeOf(verdict: Verdict): Settlement {
  switch (verdict.do) {
    case 'retry':
      return { did: 'dropped', reason: 'attempts-exhausted', failure: verdict.failure }
    case 'dead-letter':
      return { did: 'dropped', reason: verdict.reason, failure: verdict.failure }
    default:
      return { did: 'acked' }
  }
}
