import { givenAs } from '../../errors/given.js'
import { OptionsError } from '../../errors/options-error.js'
import { RpcError } from '../../errors/rpc-errors.js'
import { checkContract } from '../payloads/shared-options.js'
import type { ErrorCodeOf, ErrorInputOf, ErrorOutputOf, Procedure } from './procedure.js'

/**
 * One of the errors that a procedure declares. A handler throws it: `throw new ProcedureError(getUser, 'NotFound', { id })`;
 * only its code and its data are sent. The client's call rejects with it, and {@link isErrorOf} gives it its type.
 */
export class ProcedureError<
  P extends Procedure = Procedure,
  Code extends ErrorCodeOf<P> = ErrorCodeOf<P>,
> extends RpcError {
  override readonly name = 'ProcedureError'
  readonly retryable = false
  readonly code: Code
  /** At the client, as its schema gives it; at the server, as it was thrown. */
  readonly data: ErrorOutputOf<P, Code>

  /** @throws {@link OptionsError} the procedure declares no error of this code */
  constructor(procedure: P, code: Code, data: ErrorInputOf<P, Code>, options: ProcedureErrorOptions = {}) {
    checkContract('ProcedureError', procedure, 'procedure')
    if (typeof code !== 'string' || !Object.hasOwn(procedure.errors, code)) throw undeclared(procedure, code)
    const { message = `The procedure '${procedure.name}' answered with the error ${code}`, ...others } = options
    super(procedure.name, message, others)
    this.code = code
    this.data = data as ErrorOutputOf<P, Code>
  }
}

/** What may be said of an error that is thrown. None of it is sent. */
export interface ProcedureErrorOptions extends ErrorOptions {
  /** For logs at the server. */
  readonly message?: string
}

/** Each of the errors that a procedure declares, told apart by `code`. */
export type ProcedureErrorOf<P extends Procedure> = {
  [Code in ErrorCodeOf<P>]: ProcedureError<P, Code>
}[ErrorCodeOf<P>]

/**
 * Whether something caught is one of the errors that this procedure declares:
 * `if (isErrorOf(getUser, error) && error.code === 'NotFound') error.data.id`
 *
 * @throws {@link OptionsError} the first argument is no procedure
 */
export function isErrorOf<P extends Procedure>(procedure: P, error: unknown): error is ProcedureErrorOf<P> {
  checkContract('isErrorOf', procedure, 'procedure')
  if (!(error instanceof Error) || error.name !== 'ProcedureError') return false
  // Of another procedure it is no answer of this one, also when a handler lets it through.
  const { procedure: of, code } = error as ProcedureError
  return of === procedure.name && typeof code === 'string' && Object.hasOwn(procedure.errors, code)
}

function undeclared({ name, errors }: Procedure, code: unknown): OptionsError {
  const codes = Object.keys(errors)
  const known = codes.length === 0 ? 'none' : codes.join(', ')
  const given = typeof code === 'string' ? `'${code}'` : givenAs(code)
  return new OptionsError(`ProcedureError: the code is ${given}: the procedure '${name}' declares ${known}`)
}
