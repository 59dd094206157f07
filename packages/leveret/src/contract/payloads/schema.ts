import { isLater, type MaybePromise, maybePromiseOf } from '../../async/maybe-promise.js'
import type { Issue } from '../../errors/issue.js'
import { PayloadError } from '../../errors/payload-error.js'
import { readIssues, type SchemaResult } from './issues.js'
import { planOf } from './schema-plan.js'
import { validateWithZod } from './zod-schema.js'

/**
 * A schema of any validation library that implements Standard Schema: zod 4, valibot, arktype.
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

/** The value that a sender passes. */
export type SchemaInput<S extends Schema> = NonNullable<S['~standard']['types']>['input']

/** The value that a handler gets. */
export type SchemaOutput<S extends Schema> = NonNullable<S['~standard']['types']>['output']

/** Direction and contract of a payload, for the error. */
export interface PayloadPlace {
  readonly direction: 'outgoing' | 'incoming'
  /** Name of the contract. */
  readonly contract: string
}

/**
 * Validates synchronously if the schema can, and with a promise if it must (an async refinement).
 *
 * @throws {@link PayloadError} with a path and a message for each issue, but never the refused value. If the schema
 *   itself fails, the error is `retryable`, because it says nothing of the value, and its `cause` is the schema's error
 */
export function validate<S extends Schema>(
  schema: S,
  value: unknown,
  place: PayloadPlace,
): MaybePromise<SchemaOutput<S>> {
  let result: MaybePromise<SchemaResult<SchemaOutput<S>>>
  try {
    const { calling } = planOf(schema)
    result =
      calling === undefined
        ? maybePromiseOf(schema['~standard'].validate(value))
        : (validateWithZod(calling, value) as MaybePromise<SchemaResult<SchemaOutput<S>>>)
  } catch (cause) {
    throw failed(cause, place)
  }
  return isLater(result) ? acceptLate(schema, result, place) : accept(schema, result, place)
}

async function acceptLate<Output>(
  schema: Schema,
  result: Promise<SchemaResult<Output>>,
  place: PayloadPlace,
): Promise<Output> {
  let answer: SchemaResult<Output>
  try {
    answer = await result
  } catch (cause) {
    throw failed(cause, place)
  }
  return accept(schema, answer, place)
}

function accept<Output>(schema: Schema, result: SchemaResult<Output>, place: PayloadPlace): Output {
  let issues: readonly Issue[]
  try {
    if (typeof result !== 'object' || result === null) throw new TypeError('the schema returned no result')
    if (result.issues === undefined) return result.value
    if (!Array.isArray(result.issues)) throw new TypeError('the schema returned issues that are not an array')
    issues = readIssues(schema['~standard'].vendor, result.issues)
  } catch (cause) {
    throw failed(cause, place)
  }
  throw new PayloadError(place.direction, place.contract, issues)
}

function failed(cause: unknown, { direction, contract }: PayloadPlace): PayloadError {
  const issue = { path: [], message: 'the schema itself failed' }
  return new PayloadError(direction, contract, [issue], { cause, retryable: true })
}
