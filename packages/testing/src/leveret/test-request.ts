import {
  connect,
  type Failure,
  type Procedure,
  type ProcedureErrorOf,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
  type ResponseOf,
  RpcClient,
  RpcError,
  RpcServer,
  type RpcServerOptions,
} from 'leveret'
import { startMemoryBroker } from '../memory/test-memory-broker.js'
import type { TestDeliveryOptions } from './delivery-options.js'

/** The outcome of a request: what the client gets, and what the server reports. */
export type TestAnswer<P extends Procedure> =
  | { readonly did: 'answered'; readonly response: ResponseOf<P> }
  | {
      readonly did: 'failed'
      /**
       * The error that the client's call rejects with: a declared error of the procedure, or an `RpcRemoteError`, which
       * says no more than the reason.
       */
      readonly error: ProcedureErrorOf<P> | RpcError
      /** The error of the handler, as the server reports it; `undefined` for a declared error. */
      readonly failure: Failure | undefined
    }

/** A request that waits for its handler. */
export interface TestRequest<P extends Procedure> {
  /**
   * Lets a handler answer the request, through a server on a broker of its own, and returns what the client gets.
   *
   * @throws the errors of `RpcClient.call` without an answer, and of `RpcServer.start`, as a rejection: the request
   * does not fit the contract, or an option is wrong
   */
  handledBy(
    handler: RequestHandler<RequestOf<P>, ResponseInputOf<P>>,
    options?: RpcServerOptions,
  ): Promise<TestAnswer<P>>
}

/** Calls a procedure that the given handler serves. */
export async function handleRequest<P extends Procedure>(
  procedure: P,
  request: unknown,
  { messageId, headers }: TestDeliveryOptions,
  handler: RequestHandler<RequestOf<P>, ResponseInputOf<P>>,
  options: RpcServerOptions,
): Promise<TestAnswer<P>> {
  await using broker = await startMemoryBroker()
  await using rabbit = await connect(broker.url)
  const server = new RpcServer<Procedure>(rabbit, procedure, handler as RequestHandler<unknown, unknown>, options)
  let failure: Failure | undefined
  server.on('request.failed', (event) => {
    failure = event.failure
  })
  await server.start()
  await using client = new RpcClient<Procedure>(rabbit, procedure)
  try {
    const response = await client.call(request, { messageId, headers })
    return { did: 'answered', response: response as ResponseOf<P> }
  } catch (error) {
    if (!(error instanceof RpcError) || !('code' in error || 'reason' in error)) throw error
    return { did: 'failed', error, failure }
  }
}
