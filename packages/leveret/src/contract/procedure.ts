import { z } from 'zod'
import { parseOptions } from '../options.js'
import { quoted } from '../short-string.js'
import { checkCarried } from './carried.js'
import { json } from './codec.js'
import type { PayloadContract } from './payload.js'
import type { Schema, SchemaInput, SchemaOutput } from './schema.js'
import { schemaOption } from './shared-options.js'
import { describeWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue.js'

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

const procedureOptions = z.object({
  request: schemaOption,
  response: schemaOption,
  errors: z.record(errorCode, schemaOption).default({}),
})

/** What `procedure` takes beside the name. */
export type ProcedureOptions<Request extends Schema, Response extends Schema, Errors extends DeclaredErrors> = Pick<
  WorkQueueOptions<Request>,
  'codec' | 'queue' | 'version' | 'existing'
> & {
  /** What a client gives; the server gets the schema's output. What is sent of it is as with `payload` of `workQueue`. */
  readonly request: Request
  /**
   * What the server gives; the client gets the schema's output. Keys that the schema does not name stay out of the answer, unless it
   * transforms, or is none of zod's: then **what the handler returned is sent with all its keys**.
   */
  readonly response: Response
  /** Errors that are answers, by code: the server throws one as a `ProcedureError`, and the client gets it with its data. */
  readonly errors?: Errors
}

/**
 * Describes a procedure: a queue of requests, the response, and the errors that a client is to know.
 *
 * By default the queue is a durable quorum queue without dead letters: a request expires when its client no longer waits. It is
 * declared by servers only.
 *
 * @throws {@link OptionsError} when the description contradicts itself or RabbitMQ
 */
export function procedure<
  const Request extends Schema,
  const Response extends Schema,
  const Errors extends DeclaredErrors = Record<never, never>,
>(name: string, options: ProcedureOptions<Request, Response, Errors>): Procedure<Request, Response, Errors> {
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
