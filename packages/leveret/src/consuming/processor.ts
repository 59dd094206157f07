import type { Delivery } from '../connection/delivery.js'
import { type Interceptor, type Layer, runInside } from '../connection/interceptor.js'
import type { ReceivedMessage } from '../connection/message.js'
import { decodePayload } from '../contract/payload.js'
import type { OutputOf, Schema } from '../contract/schema.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { onAbort } from '../signals.js'
import { ActiveDelivery } from './active-delivery.js'
import type { Life } from './life.js'
import type { Settlement, Settler } from './settler.js'
import { HandlerTimeout } from './steering.js'
import { judge, type Verdict } from './verdict.js'

/** After its signal was aborted a handler may take this long to notice and end. */
const GRACE_MS = 1_000

/** Does the work. Returning acknowledges; throwing fails the attempt. */
export type Handler<Payload> = (payload: Payload, delivery: Delivery) => unknown

/** Reports on one delivery. */
export interface ProcessorHooks {
  settled(delivery: Delivery, settlement: Settlement): void
  /** A handler ended after its time was up. Its result was dropped. */
  late(delivery: Delivery): void
}

/** What else a processor needs. */
export interface ProcessorOptions {
  readonly handlerTimeoutMs: number
  readonly interceptors: readonly Interceptor[]
  readonly hooks: ProcessorHooks
}

/** Takes a delivery from its bytes to its settlement: decode, check, handle, judge, settle. */
export class Processor<S extends Schema> {
  readonly #contract: WorkQueue<S>
  readonly #handler: Handler<OutputOf<S>>
  readonly #layers: readonly Layer<Delivery, never>[]
  readonly #handlerTimeoutMs: number
  readonly #settler: Settler
  readonly #hooks: ProcessorHooks

  constructor(contract: WorkQueue<S>, handler: Handler<OutputOf<S>>, settler: Settler, options: ProcessorOptions) {
    this.#contract = contract
    this.#handler = handler
    this.#settler = settler
    this.#layers = options.interceptors.flatMap((interceptor) => {
      const { handle } = interceptor
      return handle === undefined ? [] : [(delivery, next) => handle.call(interceptor, delivery, next)]
    })
    this.#handlerTimeoutMs = options.handlerTimeoutMs
    this.#hooks = options.hooks
  }

  /** Resolves when the delivery is settled, or its life has ended. Never rejects. */
  async process(message: ReceivedMessage, life: Life): Promise<void> {
    const delivery = new ActiveDelivery(message, this.#handlerTimeoutMs)
    const callOff = onAbort(life.signal, () => delivery.abort(life.signal.reason))
    // A defect of ours must not lose the message or end the process: it stays unacknowledged, and says why.
    const settlement = await this.#settle(message, delivery, life).catch(
      (error: unknown): Settlement => ({
        did: 'stuck',
        error: error instanceof Error ? error : new Error(String(error)),
      }),
    )
    this.#hooks.settled(delivery, settlement)
    if (settlement.did === 'stuck' && !life.signal.aborted) await aborted(life.signal)
    callOff()
  }

  async #settle(message: ReceivedMessage, delivery: ActiveDelivery, life: Life): Promise<Settlement> {
    const verdict = await this.#withDeadline(delivery, life, this.#attempt(message, delivery)).then(
      (): Verdict => ({ do: 'ack' }),
      (failure: unknown) => judge(failure, delivery.attempt, this.#contract.retry),
    )
    return await this.#settler.settle(verdict, { message, lineage: delivery.lineage, life })
  }

  async #attempt(message: ReceivedMessage, delivery: ActiveDelivery): Promise<void> {
    const payload = await decodePayload(this.#contract, message.content, message.properties)
    if (this.#layers.length === 0) await this.#handler(payload, delivery)
    else {
      await runInside(this.#layers, delivery, async () => {
        // An interceptor that took too long does not begin an attempt that has been given up.
        if (delivery.abortReason !== undefined) throw delivery.abortReason
        await this.#handler(payload, delivery)
      })
    }
  }

  async #withDeadline(delivery: ActiveDelivery, life: Life, work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    // What happens after the life has ended changes nothing, so it must not keep the process alive.
    const release = (): void => void timer?.unref()
    const timeUp = new Promise<never>((_resolve, reject) => {
      const giveUp = (timeout: HandlerTimeout): void => {
        const late = (): void => this.#hooks.late(delivery)
        work.then(late, late)
        reject(timeout)
      }
      timer = setTimeout(() => {
        const timeout = new HandlerTimeout(this.#handlerTimeoutMs)
        delivery.abort(timeout)
        timer = setTimeout(giveUp, GRACE_MS, timeout)
        if (life.signal.aborted) release()
      }, this.#handlerTimeoutMs)
    })
    const callOff = onAbort(life.signal, release)
    try {
      await Promise.race([work, timeUp])
    } finally {
      clearTimeout(timer)
      callOff()
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => onAbort(signal, resolve))
}
