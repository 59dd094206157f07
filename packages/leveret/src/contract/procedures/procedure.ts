import { z } from 'zod'
import { quoted } from '../../message/short-string.js'
import { parseOptions } from '../../options.js'
import type { GivenCodec, PayloadProblem, SchemasProblem } from '../exchanges/carried-types.js'
import { checkCarried } from '../payloads/carried.js'
import { type CodecOption, json } from '../payloads/codec.js'
import type { PayloadContract } from '../payloads/payload.js'
import type { Schema, SchemaInput, SchemaOutput } from '../payloads/schema.js'
import { schemaOption } from '../payloads/shared-options.js'
import type { QueueOptions, QueueType } from '../queues/queue-options.js'
import { describeWorkQueue, type WorkQueue } from '../queues/work-queue.js'

/** Schemas of the errors that a procedure may answer with, by code. */
export type DeclaredErrors = Readonly<Record<string, Schema>>

/** A request and its response, as `procedure` describes them: data, without I/O, safe to share between services. */
export interface Procedure<
  Request extends Schema = Schema,
  Response extends Schema = Schema,
  Errors extends DeclaredErrors = DeclaredErrors,
> {
  readonly kind: 'procedure'
  readonly name: string
  /**
   * Queue in which requests wait for a server. It has no retries and no dead letters: the client gets the answer, or
   * calls again.
   */
  readonly requests: WorkQueue<Request>
  readonly responses: PayloadContract<Response>
  readonly errors: Errors
}

/** Codes of the errors that a procedure declares. */
export type ErrorCodeOf<P extends Procedure> = keyof P['errors'] & string

/** Data that a server gives with a declared error. */
export type ErrorInputOf<P extends Procedure, Code extends ErrorCodeOf<P>> = SchemaInput<P['errors'][Code] & Schema>

/** Data that a client gets with a declared error. */
export type ErrorOutputOf<P extends Procedure, Code extends ErrorCodeOf<P>> = SchemaOutput<P['errors'][Code] & Schema>

/** Checks the code of an error. A code is written to a header, and read in logs. */
const errorCode = z.string().regex(/^[A-Za-z][\w.-]{0,99}$/, 'a letter, then up to 99 letters, digits, _, . and -')

/** Checks the options that only {@link ProcedureOptions} have. The others are checked as those of a work queue. */
export const procedureOptions = z.object({
  request: schemaOption,
  response: schemaOption,
  errors: z.record(errorCode, schemaOption).default({}),
})

/** Options of {@link procedure}. */
export interface ProcedureOptions<
  Request extends Schema,
  Response extends Schema,
  Errors extends DeclaredErrors,
  Type extends QueueType = QueueType,
  C extends CodecOption = CodecOption,
> {
  /**
   * Schema of the request. A client passes its input, and the server gets its output. The same keys are sent as with
   * `payload` of `workQueue`.
   */
  readonly request: Request
  /**
   * Schema of the response. The server passes its input, and a client gets its output. Keys that the schema does not
   * name stay out of the answer. But if the schema transforms, or is not zod's, **the response of the handler is sent
   * with all its keys**.
   */
  readonly response: Response
  /**
   * Schemas of the errors that are answers, by code. The server throws one as a `ProcedureError`, and the client gets
   * it with its data, which is always JSON. A code is a letter, then up to 99 letters, digits, `_`, `.` and `-`.
   * @defaultValue {}
   */
  readonly errors?: Errors | undefined
  /**
   * Codec of requests and responses. Of several, the first encodes; a delivery is decoded by the codec of its content
   * type.
   * @defaultValue json
   */
  readonly codec?: C | undefined
  /**
   * Options of the queue of requests. Any other program that declares the queue must declare the same, or is refused.
   * By default it is a durable quorum queue.
   * @defaultValue {}
   */
  readonly queue?: QueueOptions<Type> | undefined
  /**
   * Version of the contract, from 1 to 64 characters. It is written to the `leveret-contract` header of requests, after
   * the name.
   * @defaultValue none
   */
  readonly version?: string | undefined
  /**
   * Whether another program declares the queue of requests. leveret then only checks that it exists (a passive
   * declaration).
   * @defaultValue false
   */
  readonly existing?: boolean | undefined
}

/**
 * Describes a procedure: a queue of requests, the response, and the errors that a client gets typed.
 *
 * By default the queue is a durable quorum queue without dead letters: a request expires when its client no longer
 * waits. Only servers declare the queue.
 *
 * @throws {@link OptionsError} if the description contradicts itself or RabbitMQ
 * @example
 * ```ts
 * import { procedure } from 'leveret'
 * import { z } from 'zod'
 *
 * const getUser = procedure('get-user', {
 *   request: z.object({ id: z.int() }),
 *   response: z.object({ name: z.string() }),
 *   errors: { NotFound: z.object({ id: z.int() }) },
 * })
 * console.log(Object.keys(getUser.errors)) // prints: [ 'NotFound' ]
 * ```
 */
export function procedure<
  const Request extends Schema,
  const Response extends Schema,
  const Errors extends DeclaredErrors = Record<never, never>,
  const Type extends QueueType = 'quorum',
  const C extends CodecOption = CodecOption,
  const ContentType = unknown,
>(
  name: string,
  options: ProcedureOptions<Request, Response, Errors, Type, C> &
    GivenCodec<ContentType> &
    PayloadProblem<Request, C, ContentType, 'request'> &
    PayloadProblem<Response, C, ContentType, 'response'> & { readonly errors?: SchemasProblem<Errors> }, // The data of an error is JSON, whatever the procedure's own codec can say.
): Procedure<Request, Response, Errors> {
  const where = `procedure(${quoted(name)})`
  const { request, response, errors } = parseOptions(procedureOptions, options, where)
  const { request: _request, response: _response, errors: _errors, ...queue } = options
  const requests = describeWorkQueue(
    name,
    { ...queue, payload: request as Request, retry: false, deadLetter: false },
    where,
  )
  checkCarried(where, 'response', response, requests.codec)
  for (const [code, data] of Object.entries(errors)) checkCarried(where, `errors.${code}`, data, json)
  return Object.freeze({
    kind: 'procedure',
    name: requests.name,
    requests,
    responses: Object.freeze({ name: requests.name, payload: response as Response, codec: requests.codec }),
    errors: Object.freeze({ ...errors }) as Errors,
  })
}
