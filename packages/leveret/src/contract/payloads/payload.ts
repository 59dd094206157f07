import { disregard, isLater, isThenable, type MaybePromise, whenReady } from '../../async/maybe-promise.js'
import { decode, encode, type PayloadContract } from './coding.js'
import type { ContentProperties } from './content-types.js'
import { checkProof } from './proof.js'
import { type Schema, type SchemaInput, type SchemaOutput, validate } from './schema.js'
import { planOf, type SchemaPlan } from './schema-plan.js'

export type { PayloadContract } from './coding.js'

/** The part of a message that holds its payload. */
interface Received {
  readonly content: Buffer
  readonly properties: ContentProperties
}

/**
 * Checks an outgoing payload and encodes it.
 *
 * The result of the validation is sent, so keys that the schema does not name stay out. If the schema transforms, or is
 * not zod's, the checked *input* is sent instead, so that a transform runs once: at the receiver.
 *
 * The first payload of a schema with a codec is decoded and checked once more, unless the schema describes plain data
 * only.
 *
 * @throws {@link PayloadError}
 */
export function encodePayload<S extends Schema>(
  contract: PayloadContract<S>,
  payload: SchemaInput<S>,
): MaybePromise<Buffer> {
  const plan = planOf(contract.payload)
  if (plan.isAsync && !plan.isPlainData) return encodeSnapshot(contract, payload, plan)
  const checked: unknown = validate(contract, payload, 'outgoing')
  if (!isLater(checked)) {
    const outgoing = plan.sends === 'output' ? checked : payload
    if (plan.isPlainData || plan.provenBy.includes(contract.codec)) return encode(contract, outgoing)
    return encodeAndProve(contract, outgoing, checked, plan)
  }
  plan.isAsync = true
  if (plan.isPlainData) return encodeChecked(contract, payload, checked, plan)
  disregard(checked)
  return encodeSnapshot(contract, payload, plan)
}

/**
 * Checks a value that is sent beside a payload.
 *
 * @returns the value to send, by the same rule
 * @throws {@link PayloadError}
 */
export function checkOutgoing(name: string, schema: Schema, value: unknown): MaybePromise<unknown> {
  const checked: unknown = validate({ name, payload: schema }, value, 'outgoing')
  return whenReady(checked, (result) => outgoingOf(planOf(schema), value, result))
}

/**
 * Decodes the content of a delivery and checks it.
 *
 * @throws {@link PayloadError} also for a content type or encoding that the codec does not accept
 */
export function decodePayload<S extends Schema>(
  contract: PayloadContract<S>,
  content: Buffer,
  properties: ContentProperties,
): MaybePromise<SchemaOutput<S>> {
  return payloadDecoderOf(contract)({ message: { content, properties } })
}

/** Returns the function that decodes a message of the contract, as {@link decodePayload} does. */
export function payloadDecoderOf<S extends Schema>(
  contract: PayloadContract<S>,
): (delivery: { readonly message: Received }) => MaybePromise<SchemaOutput<S>> {
  return ({ message: { content, properties } }) => {
    const value = decode(contract, content, properties)
    return isThenable(value) ? validateLate(contract, value) : validate(contract, value, 'incoming')
  }
}

async function validateLate<S extends Schema>(
  contract: PayloadContract<S>,
  decoding: PromiseLike<unknown>,
): Promise<SchemaOutput<S>> {
  return await validate(contract, await decoding, 'incoming')
}

function outgoingOf({ sends }: SchemaPlan, payload: unknown, checked: unknown): unknown {
  return sends === 'output' ? checked : payload
}

/** Encodes the first payload of a codec, decodes it again, and checks what came back. */
function encodeAndProve(
  contract: PayloadContract,
  outgoing: unknown,
  checked: unknown,
  plan: SchemaPlan,
): MaybePromise<Buffer> {
  return whenReady(encode(contract, outgoing), (content) =>
    whenReady(checkProof({ contract, content, outgoing, checked }), () => {
      plan.provenBy.push(contract.codec)
      return content
    }),
  )
}

/**
 * Encodes while the asynchronous check runs. The schema has read or copied the whole payload, and the codec encodes it
 * in the same turn: so the checked value is the encoded one.
 */
async function encodeChecked(
  contract: PayloadContract,
  payload: unknown,
  checked: Promise<unknown>,
  plan: SchemaPlan,
): Promise<Buffer> {
  if (plan.sends === 'output') return await encode(contract, await checked)
  const [content] = await Promise.all([encoding(contract, payload), checked])
  return content
}

/**
 * Encodes first, and checks the decoded bytes. So it does not matter if the payload changes meanwhile, or the schema
 * reads it late.
 */
async function encodeSnapshot(contract: PayloadContract, payload: unknown, plan: SchemaPlan): Promise<Buffer> {
  const { contentType, contentEncoding } = contract.codec
  const content = await encode(contract, payload)
  const snapshot = await decode(contract, content, { contentType, contentEncoding })
  const checked = await validate(contract, snapshot, 'outgoing')
  return plan.sends === 'output' ? await encode(contract, checked) : content
}

/**
 * Rejects where `encode` may throw: a thrown error would leave the check behind, with an unhandled rejection.
 */
async function encoding(contract: PayloadContract, payload: unknown): Promise<Buffer> {
  return await encode(contract, payload)
}
