import type { Channel } from '../amqp/channel.js'
import type { Interceptor } from '../connection/interceptor.js'
import type { Lane } from '../connection/lanes/lane.js'
import type { LeveretError } from '../errors/errors.js'
import { tellWithin } from '../tracing.js'
import { Consumer } from './consumer/consumer.js'
import { Pausing } from './consumer/pausing.js'
import type { ActiveDelivery } from './delivery/active-delivery.js'
import type { ConsumePlace } from './delivery/process-trace.js'
import { isSingleActive, noSuspicion, suspicionOf } from './delivery/redelivery-policy.js'
import { returnMemoryOf } from './delivery/return-memory.js'
import type { RoleEvents } from './delivery/role-events.js'
import type { Settlement } from './delivery/settlement.js'
import { tellSettled } from './delivery/tracing-deliveries.js'
import type { WorkerEvents } from './delivery/worker-events.js'
import { Slots } from './handling/slots.js'
import { type Handling, type HandlingHooks, processorFor } from './handling.js'
import { reporting, successOf } from './reporting.js'

/** What an engine is made of. */
export interface EngineOptions<Payload>
  extends Pick<
    Handling<Payload>,
    'contract' | 'decode' | 'handler' | 'place' | 'settings' | 'settler' | 'stream' | 'timeLeftMs'
  > {
  readonly lane: Lane
  readonly interceptors: readonly Interceptor[]
  readonly events: RoleEvents<WorkerEvents>
  /** For a queue that goes with its last consumer: while it is paused, what comes is held. @defaultValue false */
  readonly keepsConsuming?: boolean
  /** What has been done is done again when it comes back: its sender waits for an answer. @defaultValue false */
  readonly repeatsDone?: boolean
  /** Makes sure that the queue exists. Runs before every subscription. @returns its name */
  prepare(channel: Channel, signal: AbortSignal): Promise<string>
}

/** How an engine is doing. */
export interface EngineHealth {
  /** It consumes, or was told not to, and nothing that cannot be settled takes its slots. */
  readonly ready: boolean
  readonly attached: boolean
  /** Handlers, or batches, running. */
  readonly inFlight: number
  /** Handlers that ended after their time was up, so far. */
  readonly late: number
  /** Handlers that were given up when their time was up, and still run. */
  readonly hung: number
  /** Deliveries that are handled and stay unacknowledged, because the broker refuses their copy. */
  readonly heldUp: number
  readonly lastDeliveryAt: Date | undefined
  /** Why it is not consuming. */
  readonly why: string | undefined
}

/** Consumes a queue and settles every delivery of it. */
export class Engine<Payload> {
  readonly #consumer: Consumer
  readonly #pausing: Pausing
  readonly #slots: Slots
  readonly #events: RoleEvents<WorkerEvents>
  #why: Error | undefined
  #stuck = 0
  #late = 0
  #hung = 0
  /** Why a copy was refused last. */
  #refused: Error | undefined
  #everAttached = false

  constructor(options: EngineOptions<Payload>) {
    const { contract, settings, events } = options
    this.#events = events
    this.#slots = new Slots(settings.concurrency)
    const isKept = options.keepsConsuming !== true && options.stream === undefined
    const memory = isKept ? returnMemoryOf(options.lane, contract.name) : undefined
    const suspicion = memory !== undefined && settings.isolation ? suspicionOf(contract, memory) : noSuspicion()
    const processor = processorFor({
      ...options,
      slots: this.#slots,
      memory: options.repeatsDone === true ? undefined : memory,
      hooks: this.#hooks(options.place),
    })
    this.#consumer = new Consumer({
      ...settings,
      lane: options.lane,
      name: contract.name,
      slots: this.#slots,
      suspicion,
      memory,
      keepsConsuming: options.keepsConsuming ?? false,
      isSingleActive: isSingleActive(contract),
      reading: options.stream,
      prepare: options.prepare,
      receive: (message, life) => processor.receive(message, life),
      process: (delivery) => processor.process(delivery),
      isolated: (delivery) => events.tellOf('delivery.isolated', delivery, {}),
      copyRefused: (delivery, error) => {
        this.#refused = error
        events.tellOf('delivery.copy-refused', delivery, { error })
      },
      full: (deliveries) => events.tell('consumer.full', { deliveries }),
      cancelled: (reason) => {
        this.#why = reason
        events.tell('consumer.cancelled', {})
      },
      attached: () => this.#attached(),
      lost: (reason) => this.#lost(reason),
      failed: (reason) => this.#failed(reason),
      leftRunning: (deliveries) => events.tell('close.incomplete', { deliveries }),
    })
    this.#pausing = new Pausing(settings.breaker, events, (gate) => this.#consumer.pass(gate))
  }

  /** Why it is not attached. */
  get why(): Error | undefined {
    return this.#why
  }

  /** Resolves when it is attached for the first time. Rejects when it is refused for good; tries on otherwise. */
  async start(): Promise<void> {
    await this.#consumer.start()
  }

  /** Never rejects. */
  async pause(): Promise<void> {
    await this.#pausing.pause()
  }

  /** Never rejects. */
  async resume(): Promise<void> {
    await this.#pausing.resume()
  }

  /** Resolves when every delivery has ended but those whose handlers wait for a `close`. */
  async whenOthersEnded(): Promise<void> {
    await this.#consumer.whenOthersEnded()
  }

  /** Takes no more, gives back what has not begun, waits for the rest, then closes. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    this.#pausing.close()
    await this.#consumer.close(timeoutMs)
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
    return `it takes no more: ${count} deliveries wait for copies that the broker refuses. Last: ${this.#refused?.message}`
  }

  #hooks(place: ConsumePlace): HandlingHooks {
    const hooks = reporting(this.#events)
    return {
      ...hooks,
      settled: (delivery, settlement) => {
        this.#note(delivery, settlement)
        tellWithin(delivery.trace, () => hooks.settled(delivery, settlement))
        tellSettled(place, delivery, settlement)
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

  #attached(): void {
    this.#why = undefined
    if (this.#everAttached) this.#events.tell('channel.recovered', {})
    this.#everAttached = true
  }

  #lost(reason: LeveretError): void {
    this.#why = reason
    this.#stuck = 0
    this.#events.tell('channel.lost', { reason })
  }

  #failed(reason: LeveretError): void {
    this.#why = reason
    this.#events.tell('consume-failed', { reason })
  }
}
