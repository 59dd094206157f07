import { isLater, isThenable, type MaybePromise, whenReady } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../../consuming/delivery/active-delivery.js'
import { type Answer, encodeDeclared, encodeResponse } from '../../contract/procedures/answer.js'
import type { Procedure } from '../../contract/procedures/procedure.js'
import { isErrorOf } from '../../contract/procedures/procedure-error.js'
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

/** The result of a delivery's handler, if it has ended. */
export function encodedResultOf({ result }: ActiveDelivery): EncodedResult | undefined {
  return result as EncodedResult | undefined
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
  return keep(delivery, undefined, () => encodeResponse(procedure, response))
}

/** Always throws: the error of the handler, or the reason why it does not fit the procedure. */
function keepThrown(procedure: Procedure, delivery: Delivery, thrown: unknown): MaybePromise<never> {
  if (!isErrorOf(procedure, thrown)) throw thrown
  const kept = keep(delivery, thrown.code, () => encodeDeclared(procedure, thrown))
  return whenReady(kept, () => {
    throw thrown
  })
}

/** @throws the error with which the contract refuses the result, as a rejection too */
function keep(delivery: Delivery, code: string | undefined, encode: () => MaybePromise<Answer>): MaybePromise<void> {
  const kept = (result: EncodedResult): void => {
    // The type that handlers and interceptors get hides the field `result`.
    const active = delivery as ActiveDelivery
    active.result = result
  }
  const refused = (error: unknown): never => {
    kept({ refused: error })
    throw error
  }
  try {
    const encoding = encode()
    if (isLater(encoding)) return encoding.then((answer) => kept({ code, answer }), refused)
    kept({ code, answer: encoding })
  } catch (error) {
    refused(error)
  }
}
