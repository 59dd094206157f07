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

/** What a client gets for a request, and what its server says of it. */
export type TestAnswer<P extends Procedure> =
  | { readonly did: 'answered'; readonly response: ResponseOf<P> }
  | {
      readonly did: 'failed'
      /** What the client's call rejects with: a declared error of the procedure, or an `RpcRemoteError` that says no more than the reason. */
      readonly error: ProcedureErrorOf<P> | RpcError
      /** What the handler threw, as its server tells it; `undefined` for a declared error. */
      readonly failure: Failure | undefined
    }

/** A request that waits for its handler. */
export interface TestRequest<P extends Procedure> {
  /**
   * Has a handler answer it, by a server on a broker of its own, and tells what its client gets.
   *
   * @throws what `RpcClient.call` throws where no answer came, and `RpcServer.start`, as a rejection: the request does not fit the contract, an
   *   option is wrong
   */
  handledBy(
    handler: RequestHandler<RequestOf<P>, ResponseInputOf<P>>,
    options?: RpcServerOptions,
  ): Promise<TestAnswer<P>>
}

/** Calls a procedure whose server has a handler. */
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
