import type { SchemaInput, SchemaOutput } from '../payloads/schema.js'
import type {
  DirectExchange,
  Exchange,
  FanoutExchange,
  HeadersExchange,
  PluginExchange,
  TopicExchange,
} from './exchange.js'
import type { KeysFor, TemplatesFor } from './routing-key-types.js'
import type { Templates } from './templates.js'

/** An exchange whose messages are distinguished by their routing key. */
export type RoutedExchange<Name extends string = string, T extends Templates = Templates> =
  | DirectExchange<Name, T>
  | TopicExchange<Name, T>

/** Templates that a message with this routing key can have, or a message along a binding with this key. */
export type TemplatesOf<E extends RoutedExchange, Key extends string> =
  E extends TopicExchange<string, infer T>
    ? TemplatesFor<keyof T & string, Key>
    : E extends DirectExchange<string, infer T>
      ? KeysFor<keyof T & string, Key>
      : never

/**
 * The payload for a routing key: the input of each schema whose template the key may match; else the text of the
 * compiler's error.
 */
export type InputFor<E extends RoutedExchange, Key extends string> = [TemplatesOf<E, Key>] extends [never]
  ? `no template of the exchange '${E['name']}' matches the routing key '${Key}'`
  : [E, Key] extends [TopicExchange, Wild]
    ? `'*' and '#' are for binding keys, not for '${Key}'`
    : SchemaInput<E['templates'][TemplatesOf<E, Key>]>

type Wild = Wildcard | `${Wildcard}.${string}` | `${string}.${Wildcard}` | `${string}.${Wildcard}.${string}`

type Wildcard = '*' | '#'

/** A message of one template. */
export interface RoutedEvent<Template extends string, Payload> {
  /** Template of the contract. It identifies the schema that the payload has passed. */
  readonly template: Template
  readonly routingKey: string
  readonly payload: Payload
}

/**
 * The event that a handler gets. For an exchange with templates, it is a union of one type for each template that the
 * binding keys can bring.
 */
export type ExchangeEvent<E extends Exchange, Key extends string = string> =
  E extends RoutedExchange<string, infer T>
    ? { [Template in TemplatesOf<E, Key>]: RoutedEvent<Template, SchemaOutput<T[Template]>> }[TemplatesOf<E, Key>]
    : E extends HeadersExchange<string, infer H, infer S>
      ? { readonly routingKey: string; readonly headers: SchemaOutput<H>; readonly payload: SchemaOutput<S> }
      : E extends FanoutExchange<string, infer S> | PluginExchange<string, infer S>
        ? { readonly routingKey: string; readonly payload: SchemaOutput<S> }
        : never

/** `unknown` if every binding key can match a message of the exchange; else the text of the compiler's error. */
export type BindingKeyProblem<E extends Exchange, Keys extends readonly string[]> = UselessKey<E, Keys, 'bindingKeys'>

/** The same for an option of another name. */
export type UselessKey<
  E extends Exchange,
  Keys extends readonly string[],
  Option extends string,
> = E extends RoutedExchange ? ProblemOf<E, Keys[number], Option> : unknown

type ProblemOf<E extends RoutedExchange, Key extends string, Option extends string> = [Useless<E, Key>] extends [never]
  ? unknown
  : {
      readonly [name in Option]: `the binding key '${Useless<E, Key>}' can match no message of the exchange '${E['name']}'`
    }

/** Keys that overlap with no template. */
type Useless<E extends RoutedExchange, Key extends string> = Key extends string
  ? [TemplatesOf<E, Key>] extends [never]
    ? Key
    : never
  : never
