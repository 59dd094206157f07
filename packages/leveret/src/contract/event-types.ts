import type { DirectExchange, Exchange, FanoutExchange, HeadersExchange, Templates, TopicExchange } from './exchange.js'
import type { TemplatesFor } from './routing-key-types.js'
import type { InputOf, OutputOf, Schema } from './schema.js'

/** An exchange whose messages are told apart by their routing key. */
export type RoutedExchange<Name extends string = string, T extends Templates = Templates> =
  | DirectExchange<Name, T>
  | TopicExchange<Name, T>

/** What may be published with a routing key: the input of each schema whose template it may match. */
export type InputFor<Name extends string, T extends Templates, Key extends string> = [
  TemplatesFor<keyof T & string, Key>,
] extends [never]
  ? `no template of the exchange '${Name}' matches the routing key '${Key}'`
  : InputOf<T[TemplatesFor<keyof T & string, Key>]>

/** A message of one template. */
export interface RoutedEvent<Template extends string, S extends Schema> {
  /** As the contract has it: it tells which schema the payload has passed. */
  readonly template: Template
  readonly routingKey: string
  readonly payload: OutputOf<S>
}

/** What a handler gets: for an exchange with templates, one type for each of those that the binding keys can bring. */
export type EventOf<E extends Exchange, Key extends string = string> =
  E extends RoutedExchange<string, infer T>
    ? { [Template in TemplatesFor<keyof T & string, Key>]: RoutedEvent<Template, T[Template]> }[TemplatesFor<
        keyof T & string,
        Key
      >]
    : E extends HeadersExchange<string, infer H, infer S>
      ? { readonly routingKey: string; readonly headers: OutputOf<H>; readonly payload: OutputOf<S> }
      : E extends FanoutExchange<string, infer S>
        ? { readonly routingKey: string; readonly payload: OutputOf<S> }
        : never

/** `unknown` when every binding key can match a message of the exchange; else what a caller reads in the compiler's error. */
export type BindingKeyProblem<E extends Exchange, Keys extends readonly string[]> =
  E extends RoutedExchange<infer Name, infer T> ? ProblemOf<Name, keyof T & string, Keys[number]> : unknown

type ProblemOf<Name extends string, Template extends string, Key extends string> = [Useless<Template, Key>] extends [
  never,
]
  ? unknown
  : {
      readonly bindingKeys: `the binding key '${Useless<Template, Key>}' can match no message of the exchange '${Name}'`
    }

/** Those of the keys that overlap with no template. */
type Useless<Template extends string, Key extends string> = Key extends string
  ? [TemplatesFor<Template, Key>] extends [never]
    ? Key
    : never
  : never
