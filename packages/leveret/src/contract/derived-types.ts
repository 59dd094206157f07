import type { RoutedExchange } from './exchanges/event-types.js'
import type { Exchange } from './exchanges/exchange.js'
import type { Schema, SchemaInput, SchemaOutput } from './payloads/schema.js'
import type { Procedure } from './procedures/procedure.js'
import type { ProcedureErrorOf } from './procedures/procedure-error.js'
import type { EventOf, Subscribable } from './queues/subscribable.js'
import type { WorkQueue } from './queues/work-queue.js'

/**
 * The payload that a handler gets: of a task, or of each template that the binding keys of a subscription can bring.
 */
export type PayloadOf<C extends WorkQueue | Subscribable> =
  C extends WorkQueue<infer S> ? SchemaOutput<S> : C extends Subscribable ? EventOf<C>['payload'] : never

/** The payload that a caller sends for a contract: a task, an event of any template, or a request. */
export type InputOf<C extends WorkQueue | Exchange | Procedure> = C extends Procedure
  ? SchemaInput<C['requests']['payload']>
  : C extends RoutedExchange<string, infer T>
    ? SchemaInput<T[keyof T]>
    : C extends { readonly payload: infer S extends Schema }
      ? SchemaInput<S>
      : never

/** The request that the server of a procedure gets. */
export type RequestOf<P extends Procedure> = SchemaOutput<P['requests']['payload']>

/** The response that the client of a procedure gets. */
export type ResponseOf<P extends Procedure> = SchemaOutput<P['responses']['payload']>

/** The response that the server of a procedure returns. */
export type ResponseInputOf<P extends Procedure> = SchemaInput<P['responses']['payload']>

/** The declared errors that the client of a procedure may reject with, distinguished by `code`. */
export type ErrorOf<P extends Procedure> = ProcedureErrorOf<P>
