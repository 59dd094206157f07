import { endPublish, type PublishPlace, tracePublish } from '../../amqp/publish-trace.js'
import type { OutgoingMessage } from '../../message/message.js'
import type { Call } from './call.js'
import type { CallTrace } from './call-trace.js'

/** Hands the request of a call over inside a publish trace, which ends when it was accepted, or failed before. */
export function traceRequest<T>(
  call: Call,
  { connection, contract, server }: CallTrace,
  request: { readonly message: OutgoingMessage; readonly confirm: boolean },
  hand: (message: OutgoingMessage) => T,
): T {
  const place: PublishPlace = {
    connection,
    role: 'rpc-client',
    contract,
    kind: 'request',
    destination: contract,
    server,
  }
  return tracePublish(place, request.message, (message, trace) => {
    call.whenSent = (error) => {
      trace.written = call.place === 'in flight' ? 1 : 0
      endPublish(trace, error, request.confirm ? 'confirmed' : 'written')
    }
    // It may have failed while it was encoded.
    if (call.isSettled) call.whenSent(call.error)
    return hand(message)
  })
}
