import type { RoutedExchange } from './exchanges/event-types.js'
import type { Exchange } from './exchanges/exchange.js'
import type { Schema, SchemaInput, SchemaOutput } from './payloads/schema.js'
import type { Procedure } from './procedures/procedure.js'
import type { ProcedureErrorOf } from './procedures/procedure-error.js'
import type { EventOf, Subscribable } from './queues/subscribable.js'
import type { WorkQueue } from './queues/work-queue.js'

/** What a handler gets of a contract: of a task the payload, of an event that of each template its binding keys bring. */
export type PayloadOf<C extends WorkQueue | Subscribable> =
  C extends WorkQueue<infer S> ? SchemaOutput<S> : C extends Subscribable ? EventOf<C>['payload'] : never

/** What is handed over for a contract: a task, an event of any template, or a request. */
export type InputOf<C extends WorkQueue | Exchange | Procedure> = C extends Procedure
  ? SchemaInput<C['requests']['payload']>
  : C extends RoutedExchange<string, infer T>
    ? SchemaInput<T[keyof T]>
    : C extends { readonly payload: infer S extends Schema }
      ? SchemaInput<S>
      : never

/** What the server of a procedure gets. */
export type RequestOf<P extends Procedure> = SchemaOutput<P['requests']['payload']>

/** What the client of a procedure gets. */
export type ResponseOf<P extends Procedure> = SchemaOutput<P['responses']['payload']>

/** What the server of a procedure gives. */
export type ResponseInputOf<P extends Procedure> = SchemaInput<P['responses']['payload']>

/** What the client of a procedure may reject with of what the procedure declares: each told apart by its `code`. */
export type ErrorOf<P extends Procedure> = ProcedureErrorOf<P>
