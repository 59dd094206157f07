import { isThenable, type MaybePromise } from '../../async/maybe-promise.js'
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

/** Direction of a payload, for the error. */
export type Direction = 'outgoing' | 'incoming'

/** Name and schema of a payload. */
export interface Checking<S extends Schema = Schema> {
  readonly name: string
  readonly payload: S
}

/**
 * Validates synchronously if the schema can, and with a promise if it must (an async refinement).
 *
 * @throws {@link PayloadError} with a path and a message for each issue, but never the refused value. If the schema
 *   itself fails, the error is `retryable`, because it says nothing of the value, and its `cause` is the schema's error
 */
export function validate<S extends Schema>(
  contract: Checking<S>,
  value: unknown,
  direction: Direction,
): MaybePromise<SchemaOutput<S>> {
  const { payload: schema } = contract
  let result: SchemaResult<SchemaOutput<S>> | PromiseLike<SchemaResult<SchemaOutput<S>>>
  try {
    const { calling } = planOf(schema)
    result =
      calling === undefined
        ? schema['~standard'].validate(value)
        : (validateWithZod(calling, value) as MaybePromise<SchemaResult<SchemaOutput<S>>>)
    if (isThenable(result)) return acceptLate(contract, result, direction)
    // Most results are a success, and need no further call.
    if (typeof result === 'object' && result !== null && result.issues === undefined) return result.value
  } catch (cause) {
    throw failed(contract, direction, cause)
  }
  return accept(contract, result, direction)
}

async function acceptLate<S extends Schema>(
  contract: Checking<S>,
  answer: PromiseLike<SchemaResult<SchemaOutput<S>>>,
  direction: Direction,
): Promise<SchemaOutput<S>> {
  let result: SchemaResult<SchemaOutput<S>>
  try {
    result = await answer
  } catch (cause) {
    throw failed(contract, direction, cause)
  }
  return accept(contract, result, direction)
}

/** @returns the value of a success */
function accept<S extends Schema>(
  contract: Checking<S>,
  result: SchemaResult<SchemaOutput<S>>,
  direction: Direction,
): SchemaOutput<S> {
  let issues: readonly Issue[]
  try {
    if (typeof result !== 'object' || result === null) throw new TypeError('the schema returned no result')
    if (result.issues === undefined) return result.value
    if (!Array.isArray(result.issues)) throw new TypeError('the schema returned issues that are not an array')
    issues = readIssues(contract.payload['~standard'].vendor, result.issues)
  } catch (cause) {
    throw failed(contract, direction, cause)
  }
  throw new PayloadError(direction, contract.name, issues)
}

function failed({ name }: Checking, direction: Direction, cause: unknown): PayloadError {
  const issue = { path: [], message: 'the schema itself failed' }
  return new PayloadError(direction, name, [issue], { cause, retryable: true })
}
