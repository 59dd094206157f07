import { andThen, isLater, isThenable, type Soon } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../../consuming/delivery/active-delivery.js'
import { type Answer, encodeDeclared, encodeResponse } from '../../contract/procedures/answer.js'
import type { Procedure } from '../../contract/procedures/procedure.js'
import { isErrorOf } from '../../contract/procedures/procedure-error.js'
import type { Delivery } from '../../message/delivery.js'

/** What a handler came to: an answer, or what its contract refuses. The verdict says whether it counts. */
export type Kept =
  | { readonly code: string | undefined; readonly answer: Answer }
  | { readonly refused: unknown; readonly answer?: undefined }

/** Answers a request, by what it returns or throws. */
type Answers<Request> = (request: Request, delivery: Delivery) => unknown

/** A handler whose result is kept with its delivery until that is settled. Without a promise where the handler needs none. */
export function keeping<Request>(procedure: Procedure, handler: Answers<Request>): Answers<Request> {
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

/** What the handler of a delivery came to, if it has. */
export function keptOf({ result }: ActiveDelivery): Kept | undefined {
  return result as Kept | undefined
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

function keepResponse(procedure: Procedure, delivery: Delivery, response: unknown): Soon<void> {
  return keep(delivery, undefined, () => encodeResponse(procedure, response))
}

/** Always fails: with what was thrown, or because that does not fit the procedure. */
function keepThrown(procedure: Procedure, delivery: Delivery, thrown: unknown): Soon<never> {
  if (!isErrorOf(procedure, thrown)) throw thrown
  const kept = keep(delivery, thrown.code, () => encodeDeclared(procedure, thrown))
  return andThen(kept, () => {
    throw thrown
  })
}

/** @throws what the contract refuses, as a rejection too */
function keep(delivery: Delivery, code: string | undefined, encode: () => Soon<Answer>): Soon<void> {
  const kept = (result: Kept): void => {
    // Handlers and interceptors get it as no more than that.
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
