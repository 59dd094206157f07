import type { ExchangeEvent, RoutedEvent, RoutedExchange } from '../contract/exchanges/event-types.js'
import type { SchemaOutput } from '../contract/payloads/schema.js'
import type { Stream } from '../contract/queues/stream.js'
import type { ExchangeOf } from '../contract/queues/subscribable.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import type { DeadLetter } from './dead-letter.js'
import type { LetterContract } from './letter-source.js'

/** A dead letter of an exchange with templates: its template tells which payload it has. */
type EventLetter<Event> =
  | (Event extends RoutedEvent<infer Template, infer Payload>
      ? DeadLetter<Payload> & {
          /** The template that its routing key matches. It tells which schema the payload has to pass. */
          readonly template: Template
        }
      : never)
  | (DeadLetter<never> & {
      /** No template matches its routing key, or no binding key of the contract brings it. Its payload is not known. */
      readonly template: undefined
    })

/** A dead letter of a contract. Of an exchange with templates it is one type for each of those that the binding keys bring. */
export type LetterOf<C extends LetterContract> =
  C extends WorkQueue<infer S>
    ? DeadLetter<SchemaOutput<S>>
    : C extends Subscription | Stream
      ? ExchangeOf<C> extends RoutedExchange
        ? EventLetter<ExchangeEvent<ExchangeOf<C>, C['bindingKeys'][number]>>
        : DeadLetter<ExchangeEvent<ExchangeOf<C>> extends { readonly payload: infer Payload } ? Payload : never>
      : never
