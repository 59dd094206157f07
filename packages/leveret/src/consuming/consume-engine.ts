import type { Channel } from '../amqp/channel.js'
import { withReportScope } from '../async/tracing.js'
import type { CloseTime } from '../connection/close-time.js'
import type { Interceptor } from '../connection/interceptor.js'
import type { Lane } from '../connection/lanes/lane.js'
import type { LeveretError } from '../errors/leveret-error.js'
import { Consumer } from './consumer/consumer.js'
import type { ConsumerHooks } from './consumer/consumer-options.js'
import { Pausing } from './consumer/pausing.js'
import type { ActiveDelivery } from './delivery/active-delivery.js'
import type { ConsumePlace } from './delivery/process-trace.js'
import { isSingleActive, noRedeliveryPolicy, redeliveryPolicyOf } from './delivery/redelivery-policy.js'
import { returnMemoryOf } from './delivery/return-memory.js'
import type { RoleEvents } from './delivery/role-events.js'
import type { Settlement } from './delivery/settlement.js'
import { publishSettled } from './delivery/tracing-deliveries.js'
import type { WorkerEvents } from './delivery/worker-events.js'
import { Slots } from './handling/slots.js'
import { type Handling, type HandlingHooks, processorFor } from './handling.js'
import { reporting, reportSettlement, successOf } from './reporting.js'

/** Consumes a queue and settles every delivery of it. */
export class ConsumeEngine<Payload> {
  readonly #consumer: Consumer
  readonly #pausing: Pausing
  readonly #slots: Slots
  readonly #events: RoleEvents<WorkerEvents>
  #why: Error | undefined
  #stuck = 0
  #late = 0
  #hung = 0
  /** The error of the copy that was refused last. */
  #refused: Error | undefined
  #everAttached = false

  constructor(options: ConsumeEngineOptions<Payload>) {
    const { contract, settings, events } = options
    this.#events = events
    this.#slots = new Slots(settings.concurrency)
    const isKept = options.keepsConsuming !== true && options.stream === undefined
    const memory = isKept ? returnMemoryOf(options.lane, contract.name) : undefined
    const redeliveryPolicy =
      memory !== undefined && settings.isolation ? redeliveryPolicyOf(contract, memory) : noRedeliveryPolicy()
    const processor = processorFor({
      ...options,
      slots: this.#slots,
      memory: options.repeatsDone === true ? undefined : memory,
      hooks: this.#hooks(options.place),
    })
    this.#consumer = new Consumer({
      ...settings,
      ...this.#consumerHooks(events),
      lane: options.lane,
      name: contract.name,
      slots: this.#slots,
      redeliveryPolicy,
      memory,
      keepsConsuming: options.keepsConsuming ?? false,
      isSingleActive: isSingleActive(contract),
      reading: options.stream,
      prepare: options.prepare,
      processor,
    })
    this.#pausing = new Pausing(settings.breaker, events, (gate) => this.#consumer.pass(gate))
  }

  #consumerHooks(events: RoleEvents<WorkerEvents>): ConsumerHooks {
    return {
      isolated: (delivery) => events.reportDelivery('delivery.isolated', delivery, {}),
      copyRefused: (delivery, error) => {
        this.#refused = error
        events.reportDelivery('delivery.copy-refused', delivery, { error })
      },
      full: (deliveries) => events.report('consumer.full', { deliveries }),
      cancelled: (reason) => {
        this.#why = reason
        events.report('consumer.cancelled', {})
      },
      attached: () => this.#attached(),
      lost: (reason) => this.#lost(reason),
      failed: (reason) => this.#failed(reason),
      leftRunning: (deliveries) => this.#leftRunning(deliveries),
    }
  }

  /** The reason why the engine is not consuming. */
  get why(): Error | undefined {
    return this.#why
  }

  /**
   * Resolves when the engine consumes for the first time. Rejects when the broker refuses it for good; otherwise tries
   * again.
   */
  async start(): Promise<void> {
    await this.#consumer.start()
  }

  /** Pauses consuming. Never rejects. */
  async pause(): Promise<void> {
    await this.#pausing.pause()
  }

  /** Resumes consuming. Never rejects. */
  async resume(): Promise<void> {
    await this.#pausing.resume()
  }

  /** Resolves when every delivery has ended, except those whose handlers wait for a `close`. */
  async whenOthersEnded(): Promise<void> {
    await this.#consumer.whenOthersEnded()
  }

  /**
   * Stops consuming, gives back deliveries that have not begun (`basic.nack(requeue=true)`), waits for the others, then
   * closes the channel. Never rejects.
   */
  async close(time: CloseTime): Promise<void> {
    this.#pausing.close()
    await this.#consumer.close(time)
  }

  health(): EngineHealth {
    const { isAttached: attached, lastDeliveryAt, heldUp } = this.#consumer
    const { isPaused, why: paused } = this.#pausing
    const works = this.#stuck === 0 && !heldUp.isFull
    const ready = (attached || isPaused) && works
    return {
      ready,
      attached,
      inFlight: this.#slots.taken,
      late: this.#late,
      hung: this.#hung,
      heldUp: heldUp.count,
      lastDeliveryAt,
      why: attached && works ? undefined : (this.#trouble() ?? paused ?? 'not started'),
    }
  }

  #trouble(): string | undefined {
    if (this.#why !== undefined) return this.#why.message
    const { isFull, count } = this.#consumer.heldUp
    if (!isFull) return undefined
    return `it accepts no further deliveries: ${count} wait for copies that the broker refuses. Last refusal: ${this.#refused?.message}`
  }

  #hooks(place: ConsumePlace): HandlingHooks {
    const hooks = reporting(this.#events)
    return {
      ...hooks,
      settled: (delivery, settlement) => {
        if (settlement.did === 'stuck' || this.#pausing.isAutomatic) this.#note(delivery, settlement)
        if (this.#events.has(`delivery.${settlement.did}`)) {
          withReportScope(delivery.trace, () => reportSettlement(this.#events, delivery, settlement))
        }
        publishSettled(place, delivery, settlement)
      },
      late: (delivery, failed) => {
        this.#late += 1
        hooks.late(delivery, failed)
      },
      givenUp: () => {
        this.#hung += 1
      },
      endedAtLast: () => {
        this.#hung -= 1
      },
    }
  }

  #note({ begunAtMs, receivedAtMs }: ActiveDelivery, settlement: Settlement): void {
    if (settlement.did === 'stuck') {
      this.#stuck += 1
      this.#why = settlement.error
      this.#consumer.holdUp()
    }
    const { countsInvalid } = this.#pausing
    const success = successOf(settlement, countsInvalid)
    if (success !== undefined) this.#pausing.record(success, countsInvalid ? (begunAtMs ?? receivedAtMs) : begunAtMs)
  }

  #leftRunning(deliveries: number): void {
    if (deliveries + this.#hung > 0) this.#events.report('close.incomplete', { deliveries, hung: this.#hung })
  }

  #attached(): void {
    this.#why = undefined
    if (this.#everAttached) this.#events.report('channel.recovered', {})
    this.#everAttached = true
  }

  #lost(reason: LeveretError): void {
    this.#why = reason
    this.#stuck = 0
    this.#events.report('channel.lost', { reason })
  }

  #failed(reason: LeveretError): void {
    this.#why = reason
    this.#events.report('consume-failed', { reason })
  }
}

/** Options of {@link ConsumeEngine}. */
export interface ConsumeEngineOptions<Payload>
  extends Pick<
    Handling<Payload>,
    'contract' | 'decode' | 'handler' | 'place' | 'settings' | 'settler' | 'stream' | 'timeLeftMs'
  > {
  readonly lane: Lane
  readonly interceptors: readonly Interceptor[]
  readonly events: RoleEvents<WorkerEvents>
  /**
   * Whether to keep the consumer while paused, and hold its deliveries: for a queue that is deleted with its last
   * consumer.
   * @defaultValue false
   */
  readonly keepsConsuming?: boolean
  /**
   * Whether to handle a finished message again when it is redelivered, because its sender waits for a reply.
   * @defaultValue false
   */
  readonly repeatsDone?: boolean
  /** Makes sure that the queue exists. Runs before every `basic.consume`. @returns the name of the queue */
  prepare(channel: Channel, signal: AbortSignal): Promise<string>
}

/** The health of an engine. */
export interface EngineHealth {
  /**
   * Whether the engine consumes, or was paused by a call, and neither stuck nor held-up deliveries keep it from
   * working.
   */
  readonly ready: boolean
  readonly attached: boolean
  /** How many handlers, or batches, are running. */
  readonly inFlight: number
  /** How many handlers have ended after their time was up, since the start. */
  readonly late: number
  /** How many handlers were given up when their time was up, and still run. */
  readonly hung: number
  /** How many deliveries have been handled and stay unacknowledged, because the broker refuses their copies. */
  readonly heldUp: number
  readonly lastDeliveryAt: Date | undefined
  /** The reason why the engine is not consuming. */
  readonly why: string | undefined
}
