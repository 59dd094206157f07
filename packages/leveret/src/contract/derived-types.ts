import type { RoutedExchange } from './event-types.js'
import type { Exchange } from './exchange.js'
import type { Procedure } from './procedure.js'
import type { ProcedureErrorOf } from './procedure-error.js'
import type { Schema, SchemaInput, SchemaOutput } from './schema.js'
import type { EventOf, Subscribable } from './subscribable.js'
import type { WorkQueue } from './work-queue.js'

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
