import { type Issue, PayloadError } from '../errors.js'
import { andThen, type Soon } from '../soon.js'

/**
 * A schema that any validation library can bring: zod 4, valibot, arktype.
 *
 * @see https://standardschema.dev
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
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
 * @throws {@link PayloadError} with a path and a message for each issue, and never the refused value itself
 */
export function validate<S extends Schema>(schema: S, value: unknown, place: PayloadPlace): Soon<OutputOf<S>> {
  return andThen(schema['~standard'].validate(value), (result) => accept(result, place))
}

function accept<Output>(result: SchemaResult<Output>, { direction, contract }: PayloadPlace): Output {
  if (result.issues === undefined) return result.value
  throw new PayloadError(direction, contract, result.issues.map(readIssue))
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
