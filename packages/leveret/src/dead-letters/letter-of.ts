import type { ExchangeEvent, RoutedEvent, RoutedExchange } from '../contract/exchanges/event-types.js'
import type { SchemaOutput } from '../contract/payloads/schema.js'
import type { Stream } from '../contract/queues/stream.js'
import type { ExchangeOf } from '../contract/queues/subscribable.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import type { DeadLetter } from './dead-letter.js'
import type { LetterContract } from './letter-source.js'

/** A dead letter of an exchange with templates: its template determines the type of its payload. */
type EventLetter<Event> =
  | (Event extends RoutedEvent<infer Template, infer Payload>
      ? DeadLetter<Payload> & {
          /** The template that the routing key matches. Its schema checks the payload. */
          readonly template: Template
        }
      : never)
  | (DeadLetter<never> & {
      /** `undefined`: no template or no binding key matches the routing key. The payload's type is not known. */
      readonly template: undefined
    })

/**
 * A dead letter of a contract. For an exchange with templates it is a union, with a member for each template that the
 * binding keys can match.
 */
export type LetterOf<C extends LetterContract> =
  C extends WorkQueue<infer S>
    ? DeadLetter<SchemaOutput<S>>
    : C extends Subscription | Stream
      ? ExchangeOf<C> extends RoutedExchange
        ? EventLetter<ExchangeEvent<ExchangeOf<C>, C['bindingKeys'][number]>>
        : DeadLetter<ExchangeEvent<ExchangeOf<C>> extends { readonly payload: infer Payload } ? Payload : never>
      : never
