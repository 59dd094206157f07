/** What a Standard Schema answers. */
export interface SchemaAnswer {
  readonly value?: unknown
  readonly issues?: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] | undefined
}

/** What any validation library brings. @see https://standardschema.dev */
export interface AnySchema {
  readonly '~standard': {
    readonly validate: (value: unknown) => SchemaAnswer | PromiseLike<SchemaAnswer>
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined
  }
}

/** What a message says of its own content. */
export interface ContentProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
}

/** What the content of a message is written and read by. */
export interface ContentCodec {
  decode(content: Buffer, properties: ContentProperties): unknown
}

/** A work queue of leveret's, as far as it is read here. */
export interface QueueContract<S extends AnySchema = AnySchema> {
  readonly kind: 'work-queue'
  readonly name: string
  readonly codec: ContentCodec
  readonly payload: S
  readonly deadLetter: false | { readonly queue: string }
}

/** A procedure of leveret's, as far as it is read here. */
export interface ProcedureContract<Q extends QueueContract = QueueContract> {
  readonly kind: 'procedure'
  readonly requests: Q
}

/** An exchange of leveret's, as far as it is read here: it has schemas by template, or one for all its messages. */
export type ExchangeContract = RoutedContract | HeadersContract | PlainContract

/** The members that each exchange has. */
export interface NamedExchange {
  readonly kind: 'exchange'
  readonly name: string
  readonly type: string
  readonly codec: ContentCodec
}

/** A direct or topic exchange. */
export interface RoutedContract<T extends Readonly<Record<string, AnySchema>> = Readonly<Record<string, AnySchema>>>
  extends NamedExchange {
  readonly templates: T
}

/** A headers exchange. */
export interface HeadersContract<H extends AnySchema = AnySchema, S extends AnySchema = AnySchema>
  extends NamedExchange {
  readonly headers: H
  readonly payload: S
}

/** An exchange of any other type. */
export interface PlainContract<S extends AnySchema = AnySchema> extends NamedExchange {
  readonly payload: S
}

/** A subscription or a stream of leveret's, as far as it is read here. */
export interface EventQueueContract<E extends ExchangeContract = ExchangeContract> {
  readonly kind: 'subscription' | 'stream'
  readonly name: string
  readonly of: E
  readonly deadLetter: false | { readonly queue: string }
}

/** A contract by which messages are sent. */
export type SentContract = QueueContract | ProcedureContract | ExchangeContract | EventQueueContract

/** A contract that may keep dead letters. */
export type LetterContract = QueueContract | EventQueueContract

/** What a schema makes of what it is given. */
export type OutputOf<S extends AnySchema> = NonNullable<S['~standard']['types']>['output']

/** What an event of an exchange is: of one with templates, a type for each of them. */
export type SentEvent<E extends ExchangeContract> =
  E extends RoutedContract<infer T>
    ? {
        [Template in keyof T & string]: {
          readonly template: Template
          readonly routingKey: string
          readonly payload: OutputOf<T[Template]>
        }
      }[keyof T & string]
    : E extends HeadersContract<infer H, infer S>
      ? { readonly routingKey: string; readonly headers: OutputOf<H>; readonly payload: OutputOf<S> }
      : E extends PlainContract<infer S>
        ? { readonly routingKey: string; readonly payload: OutputOf<S> }
        : never

/** What was sent by a contract, as a handler gets it: the payload of a task, a request, or an event with its routing key. */
export type SentBy<C extends SentContract> = C extends ProcedureContract
  ? OutputOf<C['requests']['payload']>
  : C extends QueueContract
    ? OutputOf<C['payload']>
    : C extends EventQueueContract
      ? SentEvent<C['of']>
      : C extends ExchangeContract
        ? SentEvent<C>
        : never
