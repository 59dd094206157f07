import { z } from 'zod'
import { type MaybePromise, whenReady } from '../../async/maybe-promise.js'
import type { Issue } from '../../errors/issue.js'
import { type RemoteFailure, RpcRemoteError } from '../../errors/rpc-errors.js'
import type { Headers, MessageProperties } from '../../message/message.js'
import { json } from '../payloads/codec.js'
import { decodePayload, encodePayload, type PayloadContract } from '../payloads/payload.js'
import { type Schema, type SchemaOutput, validate } from '../payloads/schema.js'
import type { ErrorCodeOf, ErrorInputOf, Procedure } from './procedure.js'
import { ProcedureError } from './procedure-error.js'

/** What a server sends back: a response, or an error, which its headers say. */
export interface Answer {
  readonly content: Buffer
  /** Without it and without content it is `undefined`. */
  readonly contentType?: string
  readonly contentEncoding?: string | undefined
  readonly headers?: Headers
}

/** Failures that a server tells of. */
export type ToldFailure = Exclude<RemoteFailure, 'unknown'>

/** An answer without it is a response, as every other library sends it. */
const ERROR = 'leveret-error'
const CODE = 'leveret-error-code'
const DECLARED = 'declared'

const MAX_ISSUES = 50
const MAX_ISSUE_LENGTH = 500

const issuesOnWire = z.object({
  issues: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })),
})

/** @throws {@link PayloadError} it does not fit the procedure, as a rejection too */
export function encodeResponse({ responses }: Procedure, response: unknown): MaybePromise<Answer> {
  const { name, payload, codec } = responses
  const { contentType, contentEncoding } = codec
  if (response !== undefined) return answerOf(encodePayload(responses, response), { contentType, contentEncoding })
  const checked: unknown = validate(payload, undefined, { direction: 'outgoing', contract: name })
  return whenReady(checked, () => ({ content: Buffer.alloc(0) }))
}

/** @throws {@link PayloadError} its data does not fit the procedure, as a rejection too */
export function encodeDeclared(procedure: Procedure, { code, data }: ProcedureError): MaybePromise<Answer> {
  const headers = { [ERROR]: DECLARED, [CODE]: code }
  return answerOf(encodePayload(dataContract(procedure, code), data), { contentType: json.contentType, headers })
}

/** Nothing of the failure itself crosses but what is wrong with the request, without its values. */
export function encodeFailure(reason: ToldFailure, issues: readonly Issue[] = []): Answer {
  const content = json.encode({ issues: shortened(issues) })
  return { content, contentType: json.contentType, headers: { [ERROR]: reason } }
}

/** What comes from outside, or goes there, is bounded. */
function shortened(issues: readonly Issue[]): Issue[] {
  return issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: path.slice(0, MAX_ISSUES),
    message: message.slice(0, MAX_ISSUE_LENGTH),
  }))
}

/**
 * The response in an answer.
 *
 * @throws {@link ProcedureError} the answer is a declared error; as a rejection too, as what follows
 * @throws {@link RpcRemoteError} it is another error
 * @throws {@link PayloadError} it does not fit the procedure
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
    // What the schema gives is what the client is to have.
    throw new ProcedureError<Procedure>(procedure, code, data as ErrorInputOf<Procedure, ErrorCodeOf<Procedure>>)
  })
}

/** No content of no content type is nothing, where the contract takes that; else it is what the codec makes of it. */
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
    return await validate(contract.payload, undefined, { direction: 'incoming', contract: contract.name })
  } catch {
    // Other programs may send an empty text so.
    return await decodePayload(contract, content, properties)
  }
}

function answerOf(encoded: MaybePromise<Buffer>, rest: Omit<Answer, 'content'>): MaybePromise<Answer> {
  return whenReady(encoded, (content) => ({ content, ...rest }))
}

/** The data of an error is JSON, whatever the procedure's own codec can say. */
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
