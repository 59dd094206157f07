import type { Handler } from '../consuming/handling.js'
import type { PayloadOf, RequestOf, ResponseInputOf } from '../contract/derived-types.js'
import type { Procedure } from '../contract/procedures/procedure.js'
import type { Subscribable } from '../contract/queues/subscribable.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import type { RequestHandler } from '../rpc/server/request-handler.js'
import type { EventHandler } from '../subscribing/subscriber-types.js'

/**
 * The type of the handler for a contract, so that a handler can be written and tested by itself: for a `Worker`, a
 * `Subscriber` or an `RpcServer`.
 *
 * `const handle: HandlerOf<typeof emails> = async ({ to }, { attempt }) => …`
 */
export type HandlerOf<C extends WorkQueue | Subscribable | Procedure> = C extends Procedure
  ? RequestHandler<RequestOf<C>, ResponseInputOf<C>>
  : C extends WorkQueue
    ? Handler<PayloadOf<C>>
    : C extends Subscribable
      ? EventHandler<C>
      : never
