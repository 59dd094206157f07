import type { ExchangeEvent, RoutedExchange, TemplatesOf } from '../exchanges/event-types.js'
import type { Exchange } from '../exchanges/exchange.js'
import type { Stream } from './stream.js'
import type { Subscription } from './subscription.js'

/** What a subscriber subscribes by: an exchange alone makes it ephemeral, a subscription durable, a stream a reader of that. */
export type Subscribable = Exchange | Subscription | Stream

/** The exchange of what is subscribed by. */
export type ExchangeOf<C extends Subscribable> = C extends Exchange
  ? C
  : C extends { readonly of: infer E extends Exchange }
    ? E
    : never

/** The binding keys of a contract; any, where it has none. */
type KeyOf<C extends Subscribable> = C extends { readonly bindingKeys: infer Keys extends readonly string[] }
  ? Keys[number]
  : string

/** What a handler gets: for an exchange with templates, one type for each of those that the binding keys can bring. */
export type EventOf<C extends Subscribable, Key extends string = KeyOf<C>> = ExchangeEvent<ExchangeOf<C>, Key>

/** What is left of it where a reader of a stream asks for some routing keys only. */
export type EventWithin<C extends Subscribable, Key extends string> = C extends Exchange
  ? ExchangeEvent<C, Key>
  : string extends Key
    ? EventOf<C>
    : ExchangeOf<C> extends infer E extends RoutedExchange
      ? Extract<EventOf<C>, { readonly template: TemplatesOf<E, Key> }>
      : EventOf<C>
