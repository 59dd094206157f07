import { z } from 'zod'
import { isLater, type MaybePromise, whenReady } from '../../async/maybe-promise.js'
import type { Issue } from '../../errors/issue.js'
import { type RemoteFailure, RpcRemoteError } from '../../errors/rpc-errors.js'
import type { Headers, MessageProperties } from '../../message/message.js'
import { json } from '../payloads/codec.js'
import { shortened } from '../payloads/issues.js'
import { decodePayload, encodePayload, type PayloadContract } from '../payloads/payload.js'
import { type Schema, type SchemaOutput, validate } from '../payloads/schema.js'
import type { ErrorCodeOf, ErrorInputOf, Procedure } from './procedure.js'
import { ProcedureError } from './procedure-error.js'

/** A server's answer: a response, or an error, which its headers name. */
export interface Answer {
  readonly content: Buffer
  /** Content type. Without it and without content the answer is `undefined`. */
  readonly contentType?: string
  readonly contentEncoding?: string | undefined
  readonly headers?: Headers
}

/** Failures that a server reports. */
export type ReportedFailure = Exclude<RemoteFailure, 'unknown'>

/** Header of an error. An answer without it is a response, as other libraries send it. */
const ERROR = 'leveret-error'
const CODE = 'leveret-error-code'
const DECLARED = 'declared'

const issuesOnWire = z.object({
  issues: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })),
})

/** Encodes a response. @throws {@link PayloadError} if it does not fit the procedure, as a rejection too */
export function encodeResponse({ responses }: Procedure, response: unknown): MaybePromise<Answer> {
  const { name, payload, codec } = responses
  const { contentType, contentEncoding } = codec
  if (response !== undefined) return answerOf(encodePayload(responses, response), { contentType, contentEncoding })
  const checked: unknown = validate({ name, payload }, undefined, 'outgoing')
  return whenReady(checked, () => ({ content: Buffer.alloc(0) }))
}

/** Encodes a declared error. @throws {@link PayloadError} if its data does not fit the procedure, as a rejection too */
export function encodeDeclared(procedure: Procedure, { code, data }: ProcedureError): MaybePromise<Answer> {
  const headers = { [ERROR]: DECLARED, [CODE]: code }
  return answerOf(encodePayload(dataContract(procedure, code), data), { contentType: json.contentType, headers })
}

/** Encodes a failure. Only its reason and the issues are sent, without values. */
export function encodeFailure(reason: ReportedFailure, issues: readonly Issue[] = []): Answer {
  const content = json.encode({ issues: shortened(issues) })
  return { content, contentType: json.contentType, headers: { [ERROR]: reason } }
}

/**
 * Decodes the response in an answer.
 *
 * @throws {@link ProcedureError} if the answer is a declared error; like the other errors also as a rejection
 * @throws {@link RpcRemoteError} if it is another error
 * @throws {@link PayloadError} if it does not fit the procedure
 */
export function decodeAnswer<Response extends Schema>(
  procedure: Procedure<Schema, Response>,
  content: Buffer,
  properties: MessageProperties,
): MaybePromise<SchemaOutput<Response>> {
  const { [ERROR]: kind, [CODE]: code } = properties.headers ?? {}
  if (kind === undefined) return decodeResponse(procedure.responses, content, properties)
  const { name } = procedure
  if (kind === 'failed' || kind === 'too-large') throw new RpcRemoteError(name, kind)
  if (kind === 'invalid-request' || kind === 'invalid-response') {
    throw new RpcRemoteError(name, kind, readIssues(content))
  }
  if (kind !== DECLARED || typeof code !== 'string' || !Object.hasOwn(procedure.errors, code)) {
    throw new RpcRemoteError(name, 'unknown')
  }
  return whenReady(decodePayload(dataContract(procedure, code), content, properties), (data) => {
    // The client gets the output of the schema.
    throw new ProcedureError<Procedure>(procedure, code, data as ErrorInputOf<Procedure, ErrorCodeOf<Procedure>>)
  })
}

/**
 * Decodes a response. Empty content without a content type is `undefined`, if the contract allows that; otherwise the
 * codec decodes it.
 */
function decodeResponse<S extends Schema>(
  contract: PayloadContract<S>,
  content: Buffer,
  properties: MessageProperties,
): MaybePromise<SchemaOutput<S>> {
  const isNothing = content.length === 0 && !properties.contentType
  return isNothing ? decodeNothing(contract, content, properties) : decodePayload(contract, content, properties)
}

async function decodeNothing<S extends Schema>(
  contract: PayloadContract<S>,
  content: Buffer,
  properties: MessageProperties,
): Promise<SchemaOutput<S>> {
  try {
    return await validate(contract, undefined, 'incoming')
  } catch {
    // Another program may send an empty text in this way.
    return await decodePayload(contract, content, properties)
  }
}

function answerOf(content: MaybePromise<Buffer>, rest: Omit<Answer, 'content'>): MaybePromise<Answer> {
  return isLater(content) ? answerLater(content, rest) : { content, ...rest }
}

async function answerLater(encoding: Promise<Buffer>, rest: Omit<Answer, 'content'>): Promise<Answer> {
  return { content: await encoding, ...rest }
}

/**
 * Returns the contract of an error's data. The data is always JSON, because the procedure's own codec may not carry it.
 */
function dataContract({ name, errors }: Procedure, code: string): PayloadContract {
  return { name: `${name} (${code})`, payload: errors[code] as Schema, codec: json }
}

function readIssues(content: Buffer): readonly Issue[] {
  try {
    return shortened(issuesOnWire.parse(json.decode(content)).issues)
  } catch {
    return []
  }
}
