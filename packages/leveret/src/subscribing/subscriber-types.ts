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

/** Options of a stream subscriber that choose events by their routing keys. */
type Only<E extends Exchange, Keys extends readonly string[]> = E extends RoutedExchange
  ? {
      /**
       * The routing keys, or patterns, of the events to handle, at least one. The reader skips all other messages,
       * without an event, and the stream keeps them. @defaultValue all that the contract's binding keys match
       */
      readonly only?: Keys | undefined
    }
  : unknown

/** Options of the order in which events are handled. */
interface OrderOptions<Event> {
  /**
   * The key of an event. Events of one key are handled one after the other, in their order of arrival. It promises no
   * more than a worker's `orderBy` does.
   * @defaultValue none: `concurrency` of them at once
   */
  readonly orderBy?: ((event: Event) => OrderKey) | undefined
}

/** Options of a subscriber. For an exchange they also say which events it gets, and for a stream where it begins. */
export type SubscriberOptions<
  C extends Subscribable,
  Keys extends readonly string[] = readonly string[],
> = OrderOptions<EventWithin<C, Keys[number]>> &
  (C extends Exchange
    ? EphemeralOptions & BindingChoice<C, Keys>
    : C extends Subscription
      ? DurableOptions
      : ReaderOptions & Only<ExchangeOf<C>, Keys>)

/** Options of a subscriber whose handler gets events in batches, in their order of arrival. */
export type BatchSubscriberOptions<
  C extends Subscribable,
  Keys extends readonly string[] = readonly string[],
> = SubscriberOptions<C, Keys> & Batched

/** Options of a subscriber whose handler settles each event itself. */
export type ManualSubscriberOptions<
  C extends Subscribable,
  Keys extends readonly string[] = readonly string[],
> = SubscriberOptions<C, Keys> & Manual

/** Options of a handler that gets several events at once. */
export interface Batched {
  /** Calls the handler with several events at once: it gets a list of them, and may return one result for each. */
  readonly batch: BatchOptions
  /** A batch is acknowledged when its handler returns. @defaultValue 'on-return' */
  readonly acknowledge?: 'on-return' | undefined
  /** Excluded by `batch`: a batch has its events in their order of arrival. */
  readonly orderBy?: undefined
}

/** Options of a handler that gets one event at a time, and settles it itself. */
export interface Manual {
  /**
   * The handler settles each event, with `delivery.ack()` or another method of the delivery. An event that is not
   * settled within `handlerTimeoutMs` is a failed attempt.
   */
  readonly acknowledge: 'manual'
  /** Excluded by `acknowledge: 'manual'`: the events come one by one. */
  readonly batch?: undefined
}

/** A delivery of a stream, with its offset there. */
export interface StreamDelivery extends Delivery {
  readonly offset: number
}

type DeliveryOf<C extends Subscribable> = C extends Stream ? StreamDelivery : Delivery

/** Handles one event. Returning acknowledges it (`basic.ack`); throwing fails the attempt. */
export type EventHandler<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = (
  event: EventWithin<C, Keys[number]>,
  delivery: DeliveryOf<C>,
) => unknown

/** One event of a batch, with its delivery. */
export interface EventItem<C extends Subscribable, Keys extends readonly string[] = readonly string[]> {
  readonly event: EventWithin<C, Keys[number]>
  readonly delivery: DeliveryOf<C>
}

/** Handles several events at once, and returns one result for each, or none, as a worker's `BatchHandler` does. */
export type EventBatchHandler<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = (
  items: readonly EventItem<C, Keys>[],
  signal: AbortSignal,
) => unknown

/** Handles one event, and settles it with the methods of its delivery. */
export type ManualEventHandler<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = (
  event: EventWithin<C, Keys[number]>,
  delivery: ManualDelivery & DeliveryOf<C>,
) => unknown

/** The kind of handler that the options of a subscriber ask for. */
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

/**
 * The options as a parameter list: they are required for an exchange with routing keys, which needs its binding keys.
 * `Mode` decides which kind of handler is expected.
 */
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
