/** Result of a validation by a Standard Schema. */
export interface SchemaAnswer {
  readonly value?: unknown
  readonly issues?: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] | undefined
}

/** A schema of any validation library. @see https://standardschema.dev */
export interface AnySchema {
  readonly '~standard': {
    readonly validate: (value: unknown) => SchemaAnswer | PromiseLike<SchemaAnswer>
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined
  }
}

/** Properties of a message that describe its content. */
export interface ContentProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
}

/** Codec that reads the content of a message. */
export interface ContentCodec {
  decode(content: Buffer, properties: ContentProperties): unknown
}

/** The part of a leveret work queue that is read here. */
export interface QueueContract<S extends AnySchema = AnySchema> {
  readonly kind: 'work-queue'
  readonly name: string
  readonly codec: ContentCodec
  readonly payload: S
  readonly deadLetter: false | { readonly queue: string }
}

/** The part of a leveret procedure that is read here. */
export interface ProcedureContract<Q extends QueueContract = QueueContract> {
  readonly kind: 'procedure'
  readonly requests: Q
}

/** The part of a leveret exchange that is read here: it has a schema for each template, or one for all its messages. */
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

/** The part of a leveret subscription or stream that is read here. */
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

/** The output type of a schema. */
export type OutputOf<S extends AnySchema> = NonNullable<S['~standard']['types']>['output']

/** An event of an exchange. For an exchange with templates it is a union with one type for each template. */
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

/**
 * A message sent by a contract, as a handler gets it: the payload of a task, a request, or an event with its routing
 * key.
 */
export type SentBy<C extends SentContract> = C extends ProcedureContract
  ? OutputOf<C['requests']['payload']>
  : C extends QueueContract
    ? OutputOf<C['payload']>
    : C extends EventQueueContract
      ? SentEvent<C['of']>
      : C extends ExchangeContract
        ? SentEvent<C>
        : never
