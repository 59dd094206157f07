import type { ReceivedMessage } from '../connection/message.js'
import { decodePayload } from '../contract/payload.js'
import type { OutputOf, Schema } from '../contract/schema.js'
import type { WorkQueue } from '../contract/work-queue.js'
import type { Life } from './consumer.js'
import { ActiveDelivery, type Delivery } from './delivery.js'
import type { Settlement, Settler } from './settler.js'
import { HandlerTimeout } from './steering.js'
import { judge, type Verdict } from './verdict.js'

/** After its signal was aborted a handler may take this long to notice and end. */
const GRACE_MS = 1_000

/** Does the work. Returning acknowledges; throwing fails the attempt. */
export type Handler<Payload> = (payload: Payload, delivery: Delivery) => unknown

/** Reports on one delivery. */
export interface ProcessorHooks {
  settled(delivery: Delivery, verdict: Verdict, settlement: Settlement): void
  /** A handler ended after its time was up. Its result was dropped. */
  late(delivery: Delivery): void
}

/** Takes a delivery from its bytes to its settlement: decode, check, handle, judge, settle. */
export class Processor<S extends Schema> {
  readonly #contract: WorkQueue<S>
  readonly #handler: Handler<OutputOf<S>>
  readonly #handlerTimeoutMs: number
  readonly #settler: Settler
  readonly #hooks: ProcessorHooks

  constructor(
    contract: WorkQueue<S>,
    handler: Handler<OutputOf<S>>,
    settler: Settler,
    options: { readonly handlerTimeoutMs: number; readonly hooks: ProcessorHooks },
  ) {
    this.#contract = contract
    this.#handler = handler
    this.#settler = settler
    this.#handlerTimeoutMs = options.handlerTimeoutMs
    this.#hooks = options.hooks
  }

  /** Never rejects. */
  async process(message: ReceivedMessage, life: Life): Promise<void> {
    const delivery = new ActiveDelivery(message, this.#handlerTimeoutMs)
    const abort = (): void => delivery.abort(life.signal.reason)
    life.signal.addEventListener('abort', abort, { once: true })
    const verdict = await this.#attempt(message, delivery).then(
      (): Verdict => ({ do: 'ack' }),
      (failure: unknown) => judge(failure, delivery.attempt, this.#contract.retry),
    )
    const settlement = await this.#settler.settle(verdict, message, delivery.lineage, life)
    this.#hooks.settled(delivery, verdict, settlement)
    if (typeof settlement === 'object' && !life.signal.aborted) await aborted(life.signal)
    life.signal.removeEventListener('abort', abort)
  }

  async #attempt(message: ReceivedMessage, delivery: ActiveDelivery): Promise<void> {
    const payload = await decodePayload(this.#contract, message.content, message.properties)
    await this.#withDeadline(delivery, (async () => await this.#handler(payload, delivery))())
  }

  async #withDeadline(delivery: ActiveDelivery, work: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const timeUp = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const timeout = new HandlerTimeout(this.#handlerTimeoutMs)
        delivery.abort(timeout)
        timer = setTimeout(() => {
          const late = (): void => this.#hooks.late(delivery)
          work.then(late, late)
          reject(timeout)
        }, GRACE_MS)
      }, this.#handlerTimeoutMs)
    })
    try {
      await Promise.race([work, timeUp])
    } finally {
      clearTimeout(timer)
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
