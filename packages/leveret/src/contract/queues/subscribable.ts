import type { ExchangeEvent, RoutedExchange, TemplatesOf } from '../exchanges/event-types.js'
import type { Exchange } from '../exchanges/exchange.js'
import type { Stream } from './stream.js'
import type { Subscription } from './subscription.js'

/**
 * A contract that a subscriber subscribes by. An exchange makes an ephemeral subscriber, a subscription a durable one,
 * and a stream a reader.
 */
export type Subscribable = Exchange | Subscription | Stream

/** The exchange of a subscribable contract. */
export type ExchangeOf<C extends Subscribable> = C extends Exchange
  ? C
  : C extends { readonly of: infer E extends Exchange }
    ? E
    : never

/** Binding keys of a contract; any, if it has none. */
export type BindingKeyOf<C extends Subscribable> = C extends {
  readonly bindingKeys: infer Keys extends readonly string[]
}
  ? Keys[number]
  : string

/**
 * The event that a handler gets. For an exchange with templates, it is a union of one type for each template that the
 * binding keys can bring.
 */
export type EventOf<C extends Subscribable, Key extends string = BindingKeyOf<C>> = ExchangeEvent<ExchangeOf<C>, Key>

/** The events that are left if the reader of a stream wants some routing keys only. */
export type EventWithin<C extends Subscribable, Key extends string> = C extends Exchange
  ? ExchangeEvent<C, Key>
  : string extends Key
    ? EventOf<C>
    : ExchangeOf<C> extends infer E extends RoutedExchange
      ? Extract<EventOf<C>, { readonly template: TemplatesOf<E, Key> }>
      : EventOf<C>
