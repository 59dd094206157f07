import { z } from 'zod'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { ConsumePlace } from '../consuming/delivery/process-trace.js'
import { RoleEvents } from '../consuming/delivery/role-events.js'
import type { WorkerEvents } from '../consuming/delivery/worker-events.js'
import { Engine } from '../consuming/engine.js'
import { checkHandler, type HandlingOptions, handlingOptions } from '../consuming/handling/worker-options.js'
import { Receiver, type ReceiverParts } from '../consuming/receiver.js'
import type { RequestOf, ResponseInputOf } from '../contract/derived-types.js'
import { decodePayload } from '../contract/payloads/payload.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import type { Procedure } from '../contract/procedures/procedure.js'
import { parseOptions } from '../options.js'
import { Answering } from '../rpc/server/answering.js'
import { keeping } from '../rpc/server/kept.js'
import { ReplyChannel } from '../rpc/server/reply-channel.js'
import type { RequestHandler } from '../rpc/server/request-handler.js'
import { timeToHandleMs } from '../rpc/server/request-time.js'
import { type RpcServerEvents, requestLines, requestWarnings, shareEvents } from '../rpc/server/rpc-server-events.js'
import { queueDeclarationsOf } from '../topology/declarations.js'
import { declareOn } from '../topology/declare.js'
import { tellPolicy } from '../topology/queue-policy.js'

const { concurrency, prefetch, handlerTimeoutMs, isolation } = handlingOptions.in.shape

/** Checks {@link RpcServerOptions}. */
export const serverOptions = z
  .strictObject({ concurrency, prefetch, handlerTimeoutMs, isolation })
  .transform((options) => handlingOptions.parse(options))

/** How a server handles requests. */
export interface RpcServerOptions
  extends Pick<HandlingOptions, 'concurrency' | 'prefetch' | 'handlerTimeoutMs' | 'isolation'> {}

/** Answers the requests of a procedure. Each is acknowledged when its answer was sent, and none is tried again. */
export class RpcServer<const P extends Procedure = Procedure> extends Receiver<RpcServerEvents> {
  /**
   * Nothing is opened or declared before `start`.
   *
   * @param handler - what it returns is the response. A `ProcedureError` of this procedure that it throws is sent with its code
   *   and data; of anything else the client learns only that it failed, and the event `request.failed` says what it was.
   *   `delivery.signal` is aborted when nobody waits for the answer any more. A request may come twice, after its connection was
   *   lost: be idempotent, by `delivery.messageId`
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(
    rabbit: Connection,
    procedure: P,
    // Behind a condition, so that the compiler reads the procedure first: a text that the handler returns stays one of an enum's.
    handler: [P] extends [infer _] ? RequestHandler<RequestOf<P>, ResponseInputOf<P>> : never,
    options: RpcServerOptions = {},
  ) {
    super(partsOf(rabbit, procedure, handler as RequestHandler<RequestOf<P>, ResponseInputOf<P>>, options))
  }
}

function placeOf(contract: string, { name: connection, publishLane }: ConnectionInternals): ConsumePlace {
  return { connection, role: 'rpc-server', contract, isEphemeral: false, server: () => publishLane.server }
}

function partsOf<P extends Procedure>(
  rabbit: Connection,
  procedure: P,
  handler: RequestHandler<RequestOf<P>, ResponseInputOf<P>>,
  options: RpcServerOptions,
): ReceiverParts<RpcServerEvents> {
  checkContract('RpcServer', procedure, 'procedure')
  checkHandler('RpcServer', handler)
  const settings = parseOptions(serverOptions, options, 'RpcServer')
  const { name, requests } = procedure
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  // Requests, replies and acks on one connection: one write to the socket for each request, where it would be two. In an alarm nobody can
  // send a request anyway.
  const { publishLane: lane, settings: connection, log } = internals
  const events = new RoleEvents<RpcServerEvents>('rpc-server', () => name)
  const lines = requestLines(name)
  log.follow(events, lines)
  log.warnFirst(events, lines, `server of '${name}'`, requestWarnings)
  tellPolicy(requests, log)
  const replies = new ReplyChannel({
    lane,
    name,
    maxQueuedBytes: connection.maxQueuedBytes,
    lost: (reason) => events.tell('replies.lost', { reason }),
  })
  const answering = new Answering({ procedure, events, internals, replies })
  const happenings = new RoleEvents<WorkerEvents>('rpc-server', () => name)
  shareEvents(happenings, events)
  const engine = new Engine({
    contract: requests,
    place: placeOf(name, internals),
    decode: ({ message: { content, properties } }) => decodePayload(requests, content, properties),
    handler: keeping<RequestOf<P>>(procedure, handler),
    settings,
    settler: answering,
    timeLeftMs: timeToHandleMs,
    repeatsDone: true,
    lane,
    interceptors: connection.interceptors,
    events: happenings,
    prepare: async (channel, signal) => {
      replies.start()
      await declareOn({ lane, channel }, queueDeclarationsOf(requests), connection.topology, signal)
      return requests.name
    },
  })
  return { role: 'rpc-server', name, internals, lane, engine, events, closed: (timeoutMs) => replies.close(timeoutMs) }
}
