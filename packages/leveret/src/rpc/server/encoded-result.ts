import { isLater, isThenable, type MaybePromise } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../../consuming/delivery/active-delivery.js'
import { type Answer, encodeDeclared, encodeResponse } from '../../contract/procedures/answer.js'
import type { Procedure } from '../../contract/procedures/procedure.js'
import { isErrorOf, type ProcedureError } from '../../contract/procedures/procedure-error.js'
import type { Delivery } from '../../message/delivery.js'

/**
 * The result of a handler: an answer, or the error of a result that the contract refuses. The verdict decides whether
 * it counts.
 */
export type EncodedResult =
  | { readonly code: string | undefined; readonly answer: Answer }
  | { readonly refused: unknown; readonly answer?: undefined }

/** Answers a request by its return value, or by an error that it throws. */
type Answers<Request> = (request: Request, delivery: Delivery) => unknown

/**
 * Makes a handler whose result is kept with its delivery until the delivery is settled. It returns no promise if the
 * handler returns none.
 */
export function withEncodedResult<Request>(procedure: Procedure, handler: Answers<Request>): Answers<Request> {
  return (request, delivery) => {
    let response: unknown
    try {
      response = handler(request, delivery)
    } catch (thrown) {
      return keepThrown(procedure, delivery, thrown)
    }
    return isThenable(response) ? keepLater(procedure, delivery, response) : keepResponse(procedure, delivery, response)
  }
}

async function keepLater(procedure: Procedure, delivery: Delivery, responding: PromiseLike<unknown>): Promise<void> {
  let response: unknown
  try {
    response = await responding
  } catch (thrown) {
    return await keepThrown(procedure, delivery, thrown)
  }
  await keepResponse(procedure, delivery, response)
}

function keepResponse(procedure: Procedure, delivery: Delivery, response: unknown): MaybePromise<void> {
  try {
    const answer = encodeResponse(procedure, response)
    if (isLater(answer)) return keepWhenEncoded(delivery, undefined, answer)
    keep(delivery, { code: undefined, answer })
  } catch (error) {
    keep(delivery, { refused: error })
    throw error
  }
}

/** Always throws: the error of the handler, or the reason why it does not fit the procedure. */
function keepThrown(procedure: Procedure, delivery: Delivery, thrown: unknown): Promise<never> {
  if (!isErrorOf(procedure, thrown)) throw thrown
  return keepDeclared(procedure, delivery, thrown)
}

async function keepDeclared(procedure: Procedure, delivery: Delivery, thrown: ProcedureError): Promise<never> {
  await keepWhenEncoded(delivery, thrown.code, (async () => await encodeDeclared(procedure, thrown))())
  throw thrown
}

/** @throws the error with which the contract refuses the result */
async function keepWhenEncoded(delivery: Delivery, code: string | undefined, encoding: Promise<Answer>): Promise<void> {
  try {
    keep(delivery, { code, answer: await encoding })
  } catch (error) {
    keep(delivery, { refused: error })
    throw error
  }
}

function keep(delivery: Delivery, result: EncodedResult): void {
  // The type that handlers and interceptors get hides the field `result`.
  const active = delivery as ActiveDelivery
  active.result = result
}
