import type { Message } from '@leveret/memory-broker'

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

/** A contract of leveret's, as far as it is read here. */
export interface AnyContract {
  readonly name: string
  readonly codec: { decode(content: Buffer, properties: ContentProperties): unknown }
}

/** A work queue of leveret's, or what has one. */
export interface QueueContract<S extends AnySchema = AnySchema> extends AnyContract {
  readonly payload: S
  readonly deadLetter: false | { readonly queue: string }
}

/** What a handler gets. */
export type PayloadOf<C extends QueueContract> = NonNullable<C['payload']['~standard']['types']>['output']

/** A message that does not fit its contract. */
export class UnfitMessageError extends Error {
  override readonly name = 'UnfitMessageError'
}

/**
 * Decodes a message and checks it, as a worker does.
 *
 * @throws {@link UnfitMessageError} as a rejection: it does not fit its contract
 */
export async function readPayload<C extends QueueContract>(contract: C, message: Message): Promise<PayloadOf<C>> {
  const { name, codec, payload } = contract
  const decoded = await readContent(name, () => codec.decode(message.body, message.properties))
  const { value, issues } = await payload['~standard'].validate(decoded)
  if (issues === undefined) return value
  const lines = issues.map(({ message: text, path = [] }) => [...path.map(wordOf), text].join(': '))
  throw new UnfitMessageError(`A message for '${name}' does not fit its contract: ${lines.join('; ')}`)
}

async function readContent(name: string, decode: () => unknown): Promise<unknown> {
  try {
    return await decode()
  } catch (cause) {
    throw new UnfitMessageError(`A message for '${name}' cannot be decoded`, { cause })
  }
}

function wordOf(step: unknown): string {
  return typeof step === 'object' && step !== null && 'key' in step ? String(step.key) : String(step)
}
