import { type Issue, PayloadError } from '../errors.js'
import { type Soon, soonOf } from '../soon.js'

/**
 * A schema that any validation library can bring: zod 4, valibot, arktype.
 *
 * @see https://standardschema.dev
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | PromiseLike<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a sender hands over. */
export type InputOf<S extends Schema> = NonNullable<S['~standard']['types']>['input']

/** What a handler gets. */
export type OutputOf<S extends Schema> = NonNullable<S['~standard']['types']>['output']

/** Where a payload comes from or goes to, for the error. */
export interface PayloadPlace {
  readonly direction: 'outgoing' | 'incoming'
  /** Name of the contract. */
  readonly contract: string
}

/**
 * Validates at once when the schema can, and later when it must (an async refinement).
 *
 * @throws {@link PayloadError} with a path and a message for each issue, and never the refused value itself. A schema that fails
 *   by itself says nothing of the value: an outgoing one was not checked, so it is refused too; of an incoming one the schema's own
 *   error is thrown, because it may succeed later
 */
export function validate<S extends Schema>(schema: S, value: unknown, place: PayloadPlace): Soon<OutputOf<S>> {
  try {
    const result = soonOf(schema['~standard'].validate(value))
    return result instanceof Promise ? acceptLate(result, place) : accept(result, place)
  } catch (error) {
    throw failureOf(error, place)
  }
}

async function acceptLate<Output>(result: Promise<SchemaResult<Output>>, place: PayloadPlace): Promise<Output> {
  try {
    return accept(await result, place)
  } catch (error) {
    throw failureOf(error, place)
  }
}

function accept<Output>(result: SchemaResult<Output>, { direction, contract }: PayloadPlace): Output {
  if (typeof result !== 'object' || result === null) throw new TypeError('the schema returned no result')
  if (result.issues === undefined) return result.value
  throw new PayloadError(direction, contract, result.issues.map(readIssue))
}

function failureOf(error: unknown, { direction, contract }: PayloadPlace): unknown {
  if (error instanceof PayloadError || direction === 'incoming') return error
  const issue = { path: [], message: 'the schema itself failed' }
  return new PayloadError(direction, contract, [issue], { cause: error })
}

function readIssue({ message, path = [] }: SchemaIssue): Issue {
  return {
    message,
    path: path.map((step) => {
      const key = typeof step === 'object' ? step.key : step
      return typeof key === 'symbol' ? String(key) : key
    }),
  }
}
