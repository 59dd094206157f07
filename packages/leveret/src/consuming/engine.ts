import type { Channel } from '../connection/channel.js'
import type { Interceptor } from '../connection/interceptor.js'
import type { Lane } from '../connection/lane.js'
import type { LeveretError } from '../errors.js'
import type { Events } from '../events.js'
import type { ActiveDelivery } from './active-delivery.js'
import { Consumer } from './consumer.js'
import { type Handling, processorFor } from './handling.js'
import { Pausing } from './pausing.js'
import { reporting, successOf } from './reporting.js'
import type { Settlement } from './settlement.js'
import { Slots } from './slots.js'
import { noSuspicion, suspicionOf } from './suspicion.js'
import type { WorkerEvents } from './worker-events.js'

/** What an engine is made of. */
export interface EngineOptions<Payload>
  extends Pick<
    Handling<Payload>,
    'contract' | 'decode' | 'handler' | 'settings' | 'settler' | 'stream' | 'timeLeftMs'
  > {
  readonly lane: Lane
  readonly interceptors: readonly Interceptor[]
  readonly events: Events<WorkerEvents>
  /** For a queue that goes with its last consumer: while it is paused, what comes is held. @defaultValue false */
  readonly keepsConsuming?: boolean
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
  readonly lastDeliveryAt: Date | undefined
  /** Why it is not consuming. */
  readonly why: string | undefined
}

/** Consumes a queue and settles every delivery of it. */
export class Engine<Payload> {
  readonly #consumer: Consumer
  readonly #pausing: Pausing
  readonly #slots: Slots
  readonly #events: Events<WorkerEvents>
  #why: Error | undefined
  #stuck = 0
  #late = 0
  #everAttached = false

  constructor({ lane, prepare, events, keepsConsuming = false, ...handling }: EngineOptions<Payload>) {
    const { contract, settings } = handling
    const { concurrency, prefetch, isolation, breaker } = settings
    const suspicion = isolation ? suspicionOf(contract) : noSuspicion()
    this.#events = events
    this.#slots = new Slots(concurrency)
    const hooks = reporting(events)
    const processor = processorFor({
      ...handling,
      slots: this.#slots,
      suspicion,
      hooks: {
        ...hooks,
        settled: (delivery: ActiveDelivery, settlement) => {
          this.#note(delivery, settlement)
          hooks.settled(delivery, settlement)
        },
        late: (delivery) => {
          this.#late += 1
          hooks.late(delivery)
        },
      },
    })
    this.#consumer = new Consumer({
      lane,
      name: contract.name,
      prefetch,
      concurrency,
      slots: this.#slots,
      suspicion,
      keepsConsuming,
      reading: handling.stream,
      prepare,
      work: (message, life) => processor.process(message, life),
      putBack: async (message, life) => {
        const returns = suspicion.noted(message)
        if (returns === undefined || !(await handling.settler.recount(message, life, returns))) life.requeue(message)
      },
      isolated: ({ properties: { messageId } }) => events.emit('delivery.isolated', { messageId }),
      cancelled: () => events.emit('consumer.cancelled', { queue: contract.name }),
      attached: () => this.#attached(),
      lost: (reason) => this.#lost(reason),
      failed: (reason) => this.#failed(reason),
    })
    this.#pausing = new Pausing(breaker, events, (gate) => this.#consumer.pass(gate))
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

  /** Takes no more, gives back what has not begun, waits for the rest, then closes. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    this.#pausing.close()
    await this.#consumer.close(timeoutMs)
  }

  health(): EngineHealth {
    const { isAttached: attached, lastDeliveryAt } = this.#consumer
    const { isPaused, why: paused } = this.#pausing
    return {
      ready: (attached || isPaused) && this.#stuck === 0,
      attached,
      inFlight: this.#slots.taken,
      late: this.#late,
      lastDeliveryAt,
      why: attached && this.#stuck === 0 ? undefined : (this.#why?.message ?? paused ?? 'not started'),
    }
  }

  #note({ begunAtMs }: ActiveDelivery, settlement: Settlement): void {
    if (settlement.did === 'stuck') {
      this.#stuck += 1
      this.#why = settlement.error
    }
    const success = successOf(settlement)
    if (success !== undefined) this.#pausing.record(success, begunAtMs)
  }

  #attached(): void {
    this.#why = undefined
    if (this.#everAttached) this.#events.emit('channel.recovered', {})
    this.#everAttached = true
  }

  #lost(reason: LeveretError): void {
    this.#why = reason
    this.#stuck = 0
    this.#events.emit('channel.lost', { reason })
  }

  #failed(reason: LeveretError): void {
    this.#why = reason
    this.#events.emit('consume-failed', { reason })
  }
}
