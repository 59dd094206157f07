import type { z } from 'zod'
import type { Delivery } from '../connection/delivery.js'
import type { BindingChoice } from '../contract/bindings.js'
import type { BindingKeyProblem, RoutedExchange, UselessKey } from '../contract/event-types.js'
import type { Exchange } from '../contract/exchange.js'
import type { EventWithin, ExchangeOf, Subscribable } from '../contract/subscribable.js'
import type { Subscription } from '../contract/subscription.js'
import type { handlingOptions } from './handling-options.js'
import type { OrderKey } from './slots.js'
import type { ephemeralOptions, readerOptions } from './subscriber-options.js'

type AllHandling = z.input<typeof handlingOptions>
type Handling = Omit<AllHandling, 'orderBy' | 'batch' | 'acknowledge' | 'priority' | 'exclusive'>

type Ephemeral<E extends Exchange, Keys extends readonly string[]> = Omit<Handling, 'isolation' | 'deduplicate'> &
  Pick<z.input<typeof ephemeralOptions>, 'maxLength'> &
  BindingChoice<E, Keys>

type Durable = Handling & Pick<AllHandling, 'priority' | 'exclusive'>

type Reader<E extends Exchange, Keys extends readonly string[]> = Omit<Handling, 'isolation'> &
  Omit<z.input<typeof readerOptions>, 'only'> &
  (E extends RoutedExchange
    ? {
        /**
         * Routing keys, or patterns of them, that this reader hands over. It reads past all others, without an event, and the stream
         * keeps them. @defaultValue what the contract's binding keys bring
         */
        readonly only?: Keys | undefined
      }
    : unknown)

/** How a subscriber handles what comes. Of an exchange it also says what is to come, and of a stream where it begins. */
export type SubscriberOptions<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = {
  /** Events of one key are handled one after the other, in the order in which they came. It promises no more than a worker's `orderBy` does. */
  readonly orderBy?: ((event: EventWithin<C, Keys[number]>) => OrderKey) | undefined
} & (C extends Exchange ? Ephemeral<C, Keys> : C extends Subscription ? Durable : Reader<ExchangeOf<C>, Keys>)

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

export interface Batched {
  readonly batch: NonNullable<z.input<typeof handlingOptions>['batch']>
  readonly acknowledge?: 'on-return'
  readonly orderBy?: undefined
}

export interface Manual {
  readonly acknowledge: 'manual'
  readonly batch?: undefined
}

export interface OneByOne {
  readonly acknowledge?: 'on-return' | 'none'
  readonly batch?: undefined
}

/** Handles one event. Returning acknowledges; throwing fails the attempt. */
export type EventHandler<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = (
  event: EventWithin<C, Keys[number]>,
  delivery: Delivery,
) => unknown

/** The options as they must be: an exchange with routing keys needs to be told which, and a mode other than one event at a time which. */
export type OptionsOf<C extends Subscribable, Keys extends readonly string[], Mode> = C extends RoutedExchange
  ? [options: SubscriberOptions<C, Keys> & Mode & BindingKeyProblem<C, Keys>]
  : C extends Exchange
    ? Given<Mode, SubscriberOptions<C, Keys>>
    : C extends Subscription
      ? Given<Mode, SubscriberOptions<C>>
      : Given<
          Mode,
          SubscriberOptions<C, Keys> & { readonly only?: Keys | undefined } & UselessKey<ExchangeOf<C>, Keys, 'only'>
        >

type Given<Mode, Options> = Mode extends OneByOne ? [options?: Options & Mode] : [options: Options & Mode]
