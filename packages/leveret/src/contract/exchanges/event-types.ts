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

/** An exchange whose messages are told apart by their routing key. */
export type RoutedExchange<Name extends string = string, T extends Templates = Templates> =
  | DirectExchange<Name, T>
  | TopicExchange<Name, T>

/** Those of the templates that a message with this routing key, or along a binding with this key, can be of. */
export type TemplatesOf<E extends RoutedExchange, Key extends string> =
  E extends TopicExchange<string, infer T>
    ? TemplatesFor<keyof T & string, Key>
    : E extends DirectExchange<string, infer T>
      ? KeysFor<keyof T & string, Key>
      : never

/** What may be published with a routing key: the input of each schema whose template it may match; else what is wrong with it. */
export type InputFor<E extends RoutedExchange, Key extends string> = [TemplatesOf<E, Key>] extends [never]
  ? `no template of the exchange '${E['name']}' matches the routing key '${Key}'`
  : [E, Key] extends [TopicExchange, Wild]
    ? `'*' and '#' are for binding keys, not for '${Key}'`
    : SchemaInput<E['templates'][TemplatesOf<E, Key>]>

type Wild = Wildcard | `${Wildcard}.${string}` | `${string}.${Wildcard}` | `${string}.${Wildcard}.${string}`

type Wildcard = '*' | '#'

/** A message of one template. */
export interface RoutedEvent<Template extends string, Payload> {
  /** As the contract has it: it tells which schema the payload has passed. */
  readonly template: Template
  readonly routingKey: string
  readonly payload: Payload
}

/** What a handler gets: for an exchange with templates, one type for each of those that the binding keys can bring. */
export type ExchangeEvent<E extends Exchange, Key extends string = string> =
  E extends RoutedExchange<string, infer T>
    ? { [Template in TemplatesOf<E, Key>]: RoutedEvent<Template, SchemaOutput<T[Template]>> }[TemplatesOf<E, Key>]
    : E extends HeadersExchange<string, infer H, infer S>
      ? { readonly routingKey: string; readonly headers: SchemaOutput<H>; readonly payload: SchemaOutput<S> }
      : E extends FanoutExchange<string, infer S> | PluginExchange<string, infer S>
        ? { readonly routingKey: string; readonly payload: SchemaOutput<S> }
        : never

/** `unknown` when every binding key can match a message of the exchange; else what a caller reads in the compiler's error. */
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

/** Those of the keys that overlap with no template. */
type Useless<E extends RoutedExchange, Key extends string> = Key extends string
  ? [TemplatesOf<E, Key>] extends [never]
    ? Key
    : never
  : never
