import type { ManualDelivery } from '../consuming/delivery/manual-delivery.js'
import type { OrderKey } from '../consuming/handling/slots.js'
import type { Acknowledgement, BatchOptions } from '../consuming/handling/worker-options.js'
import type { BindingChoice } from '../contract/exchanges/bindings.js'
import type { BindingKeyProblem, RoutedExchange, UselessKey } from '../contract/exchanges/event-types.js'
import type { Exchange } from '../contract/exchanges/exchange.js'
import type { Stream } from '../contract/queues/stream.js'
import type { EventWithin, ExchangeOf, Subscribable } from '../contract/queues/subscribable.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { Delivery } from '../message/delivery.js'
import type { DurableOptions, EphemeralOptions, ReaderOptions } from './subscriber-options.js'

/** Which events of an exchange with routing keys a reader of a stream hands over. */
type Only<E extends Exchange, Keys extends readonly string[]> = E extends RoutedExchange
  ? {
      /**
       * Routing keys, or patterns of them, that this reader hands over, one at least. It reads past all others, without an event, and the stream
       * keeps them. @defaultValue what the contract's binding keys bring
       */
      readonly only?: Keys | undefined
    }
  : unknown

/** In which order events are handled. */
interface OrderOptions<Event> {
  /**
   * Events of one key are handled one after the other, in the order in which they came. It promises no more than a worker's `orderBy` does.
   * @defaultValue none: `concurrency` of them at once
   */
  readonly orderBy?: ((event: Event) => OrderKey) | undefined
}

/** How a subscriber handles what comes. Of an exchange it also says what is to come, and of a stream where it begins. */
export type SubscriberOptions<
  C extends Subscribable,
  Keys extends readonly string[] = readonly string[],
> = OrderOptions<EventWithin<C, Keys[number]>> &
  (C extends Exchange
    ? EphemeralOptions & BindingChoice<C, Keys>
    : C extends Subscription
      ? DurableOptions
      : ReaderOptions & Only<ExchangeOf<C>, Keys>)

/** How a subscriber handles events in batches: their order is that in which they came. */
export type BatchSubscriberOptions<
  C extends Subscribable,
  Keys extends readonly string[] = readonly string[],
> = SubscriberOptions<C, Keys> & Batched

/** How a subscriber handles events whose handler settles each itself. */
export type ManualSubscriberOptions<
  C extends Subscribable,
  Keys extends readonly string[] = readonly string[],
> = SubscriberOptions<C, Keys> & Manual

/** Several events at once. */
export interface Batched {
  /** Hands over several events at once: the handler gets a list of them, and may return one result for each. */
  readonly batch: BatchOptions
  /** A batch is acknowledged when its handler returns. @defaultValue 'on-return' */
  readonly acknowledge?: 'on-return' | undefined
  /** A batch has no order of its own: its events are in the order in which they came. */
  readonly orderBy?: undefined
}

/** One event at a time, settled by its handler. */
export interface Manual {
  /** When the handler says so, by `delivery.ack()` and its like. What it leaves unsettled for `handlerTimeoutMs` is a failed attempt. */
  readonly acknowledge: 'manual'
  /** What a handler settles itself comes one by one. */
  readonly batch?: undefined
}

/** A delivery of a stream: it has its place there. */
export interface StreamDelivery extends Delivery {
  readonly offset: number
}

type DeliveryOf<C extends Subscribable> = C extends Stream ? StreamDelivery : Delivery

/** Handles one event. Returning acknowledges; throwing fails the attempt. */
export type EventHandler<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = (
  event: EventWithin<C, Keys[number]>,
  delivery: DeliveryOf<C>,
) => unknown

/** One of the events of a batch. */
export interface EventItem<C extends Subscribable, Keys extends readonly string[] = readonly string[]> {
  readonly event: EventWithin<C, Keys[number]>
  readonly delivery: DeliveryOf<C>
}

/** Handles several events at once, and says of each what becomes of it as a worker's `BatchHandler` does. */
export type EventBatchHandler<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = (
  items: readonly EventItem<C, Keys>[],
  signal: AbortSignal,
) => unknown

/** Settles each event itself, by what its delivery offers. */
export type ManualEventHandler<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = (
  event: EventWithin<C, Keys[number]>,
  delivery: ManualDelivery & DeliveryOf<C>,
) => unknown

/** The handler that the options of a subscriber ask for. */
export type EventHandlerFor<
  C extends Subscribable,
  Keys extends readonly string[],
  Acknowledge extends Acknowledgement,
  Size,
> = [Size] extends [never]
  ? [Acknowledge] extends ['manual']
    ? ManualEventHandler<C, Keys>
    : EventHandler<C, Keys>
  : EventBatchHandler<C, Keys>

/** The options as they must be: an exchange with routing keys needs to be told which. `Mode` says which handler is asked for. */
export type OptionsOf<C extends Subscribable, Keys extends readonly string[], Mode> = C extends RoutedExchange
  ? [options: SubscriberOptions<C, Keys> & Mode & BindingKeyProblem<C, Keys>]
  : C extends Exchange
    ? [options?: SubscriberOptions<C, Keys> & Mode]
    : C extends Subscription
      ? [options?: SubscriberOptions<C> & Mode]
      : [
          options?: SubscriberOptions<C, Keys> &
            Mode & { readonly only?: Keys | undefined } & UselessKey<ExchangeOf<C>, Keys, 'only'>,
        ]
