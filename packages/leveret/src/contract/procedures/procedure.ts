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

/** What a procedure may answer beside its response, by code. */
export type DeclaredErrors = Readonly<Record<string, Schema>>

/** What is asked of a server and answered, as `procedure` describes it: data, without I/O, safe to share between services. */
export interface Procedure<
  Request extends Schema = Schema,
  Response extends Schema = Schema,
  Errors extends DeclaredErrors = DeclaredErrors,
> {
  readonly kind: 'procedure'
  readonly name: string
  /** Where requests wait for a server. Nothing is tried again there and nothing kept: whoever asked has the answer, or asks again. */
  readonly requests: WorkQueue<Request>
  readonly responses: PayloadContract<Response>
  readonly errors: Errors
}

/** The codes of the errors that a procedure declares. */
export type ErrorCodeOf<P extends Procedure> = keyof P['errors'] & string

/** What a server gives with a declared error. */
export type ErrorInputOf<P extends Procedure, Code extends ErrorCodeOf<P>> = SchemaInput<P['errors'][Code] & Schema>

/** What a client gets with it. */
export type ErrorOutputOf<P extends Procedure, Code extends ErrorCodeOf<P>> = SchemaOutput<P['errors'][Code] & Schema>

/** A code is written to a header, and read in logs. */
const errorCode = z.string().regex(/^[A-Za-z][\w.-]{0,99}$/, 'a letter, then up to 99 letters, digits, _, . and -')

/** The check of what only {@link ProcedureOptions} have. The rest is checked as that of a work queue. */
export const procedureOptions = z.object({
  request: schemaOption,
  response: schemaOption,
  errors: z.record(errorCode, schemaOption).default({}),
})

/** What `procedure` takes beside the name. */
export interface ProcedureOptions<
  Request extends Schema,
  Response extends Schema,
  Errors extends DeclaredErrors,
  Type extends QueueType = QueueType,
  C extends CodecOption = CodecOption,
> {
  /** What a client gives; the server gets the schema's output. What is sent of it is as with `payload` of `workQueue`. */
  readonly request: Request
  /**
   * What the server gives; the client gets the schema's output. Keys that the schema does not name stay out of the answer, unless it
   * transforms, or is none of zod's: then **what the handler returned is sent with all its keys**.
   */
  readonly response: Response
  /**
   * Errors that are answers, by code: the server throws one as a `ProcedureError`, and the client gets it with its data, which is always
   * JSON. A code is a letter, then up to 99 letters, digits, `_`, `.` and `-`.
   * @defaultValue {}
   */
  readonly errors?: Errors | undefined
  /**
   * How requests and responses are written. Of several, the first encodes; what came is decoded by the one whose content type it has.
   * @defaultValue json
   */
  readonly codec?: C | undefined
  /** How the queue of requests is declared. Whoever else declares it must say the same, or is refused. By default it is a durable quorum queue. @defaultValue {} */
  readonly queue?: QueueOptions<Type> | undefined
  /**
   * Written to the `leveret-contract` header of requests, after the name: what tells the versions of a contract apart, of 1 to 64 characters.
   * @defaultValue none
   */
  readonly version?: string | undefined
  /**
   * Somebody else declares the queue of requests: leveret asks whether it is there (a passive declaration), and never declares it.
   * @defaultValue false
   */
  readonly existing?: boolean | undefined
}

/** The data of an error is JSON, whatever the procedure's own codec can say. */
type ErrorsProblem<Errors extends DeclaredErrors> = { readonly errors?: SchemasProblem<Errors> }

/**
 * Describes a procedure: a queue of requests, the response, and the errors that a client is to know.
 *
 * By default the queue is a durable quorum queue without dead letters: a request expires when its client no longer waits. It is
 * declared by servers only.
 *
 * @throws {@link OptionsError} when the description contradicts itself or RabbitMQ
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
    PayloadProblem<Response, C, ContentType, 'response'> &
    ErrorsProblem<Errors>,
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
