import { z } from 'zod'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import { ConsumeEngine } from '../consuming/consume-engine.js'
import type { ConsumePlace } from '../consuming/delivery/process-trace.js'
import { RoleEvents } from '../consuming/delivery/role-events.js'
import type { WorkerEvents } from '../consuming/delivery/worker-events.js'
import { checkHandler, type HandlingOptions, handlingOptions } from '../consuming/handling/worker-options.js'
import { Receiver, type ReceiverOptions } from '../consuming/receiver.js'
import type { RequestOf, ResponseInputOf } from '../contract/derived-types.js'
import { payloadDecoderOf } from '../contract/payloads/payload.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import type { Procedure } from '../contract/procedures/procedure.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { Log } from '../log.js'
import { parseOptions } from '../options.js'
import { Answering } from '../rpc/server/answering.js'
import { withEncodedResult } from '../rpc/server/encoded-result.js'
import { ReplyChannel } from '../rpc/server/reply-channel.js'
import type { RequestHandler } from '../rpc/server/request-handler.js'
import { timeToHandleMs } from '../rpc/server/request-time.js'
import { type RpcServerEvents, requestLines, requestWarnings, shareEvents } from '../rpc/server/rpc-server-events.js'
import { queueDeclarationsOf } from '../topology/declarations.js'
import { declareOn } from '../topology/declare.js'
import { warnOfPolicy } from '../topology/queue-warnings.js'

const { concurrency, prefetch, handlerTimeoutMs, isolation } = handlingOptions.in.shape

/**
 * Answers the requests of a procedure. Each is acknowledged right before its reply is sent; none is tried again.
 *
 * The server needs the permission to write to the default exchange (`amq.default`). Without it `start` rejects with a
 * {@link BrokerError}.
 *
 * @example
 * ```ts
 * import { connect, isErrorOf, ProcedureError, procedure, RpcClient, RpcServer } from 'leveret'
 * import { z } from 'zod'
 *
 * const half = procedure('half', { request: z.int(), response: z.int(), errors: { Odd: z.object({ n: z.int() }) } })
 * await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * const server = new RpcServer(rabbit, half, (n) => {
 *   if (n % 2 !== 0) throw new ProcedureError(half, 'Odd', { n })
 *   return n / 2
 * })
 * await server.start()
 * await new RpcClient(rabbit, half).call(7).catch((error: unknown) => {
 *   if (isErrorOf(half, error)) console.log(`${error.data.n} is odd`) // prints: 7 is odd
 * })
 * ```
 */
export class RpcServer<const P extends Procedure = Procedure> extends Receiver<RpcServerEvents> {
  /**
   * Opens and declares nothing before `start`.
   *
   * @param handler - its return value is the response. A `ProcedureError` of this procedure that it throws is sent with
   *   its code and data. Of any other error the client learns only that the request failed; the event `request.failed`
   *   contains the error. `delivery.signal` is aborted when the client no longer waits. A request may come twice, after
   *   its connection was lost: be idempotent, by `delivery.messageId`
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(
    rabbit: Connection,
    procedure: P,
    // A conditional type makes the compiler infer the procedure first, so that a returned string keeps its literal
    // type.
    handler: [P] extends [infer _] ? RequestHandler<RequestOf<P>, ResponseInputOf<P>> : never,
    options: RpcServerOptions = {},
  ) {
    super(receiverOptionsOf(rabbit, procedure, handler as RequestHandler<RequestOf<P>, ResponseInputOf<P>>, options))
  }
}

/** Checks {@link RpcServerOptions}. */
export const serverOptions = z
  .strictObject({ concurrency, prefetch, handlerTimeoutMs, isolation })
  .transform((options) => handlingOptions.parse(options))

/** Options of {@link RpcServer}. */
export interface RpcServerOptions
  extends Pick<HandlingOptions, 'concurrency' | 'prefetch' | 'handlerTimeoutMs' | 'isolation'> {}

function placeOf(contract: string, { name: connection, publishLane }: ConnectionInternals): ConsumePlace {
  return { connection, role: 'rpc-server', contract, isEphemeral: false, server: () => publishLane.server }
}

function receiverOptionsOf<P extends Procedure>(
  rabbit: Connection,
  procedure: P,
  handler: RequestHandler<RequestOf<P>, ResponseInputOf<P>>,
  options: RpcServerOptions,
): ReceiverOptions<RpcServerEvents> {
  checkContract('RpcServer', procedure, 'procedure')
  checkHandler('RpcServer', handler)
  const settings = parseOptions(serverOptions, options, 'RpcServer')
  const { name, requests } = procedure
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  // Requests, replies and acks share one connection: one write to the socket for each request instead of two. During an
  // alarm no client can send a request anyway.
  const { publishLane: lane, settings: connection, log } = internals
  const events = serverEventsOf(name, log)
  warnOfPolicy(requests, log)
  const lost = (reason: LeveretError): void => events.report('replies.lost', { reason })
  const replies = new ReplyChannel({ lane, name, maxQueuedBytes: connection.maxQueuedBytes, lost })
  const answering = new Answering({ procedure, events, internals, replies })
  const engine = new ConsumeEngine({
    contract: requests,
    place: placeOf(name, internals),
    decode: payloadDecoderOf(requests),
    handler: withEncodedResult<RequestOf<P>>(procedure, handler),
    settings,
    settler: answering,
    timeLeftMs: timeToHandleMs,
    repeatsDone: true,
    lane,
    interceptors: connection.interceptors,
    events: workerEventsFor(name, events),
    prepare: async (channel, signal) => {
      await replies.start(channel)
      await declareOn({ lane, channel }, queueDeclarationsOf(requests), connection.topology, signal)
      return requests.name
    },
  })
  return { role: 'rpc-server', name, internals, lane, engine, events, closed: (timeoutMs) => replies.close(timeoutMs) }
}

/** The events of the server, with its lines in the log. */
function serverEventsOf(name: string, log: Log): RoleEvents<RpcServerEvents> {
  const events = new RoleEvents<RpcServerEvents>('rpc-server', () => name)
  const lines = requestLines(name)
  log.follow(events, lines)
  log.warnFirst(events, lines, `server of '${name}'`, requestWarnings)
  return events
}

/** The events of the engine. The server emits some of them too. */
function workerEventsFor(name: string, events: RoleEvents<RpcServerEvents>): RoleEvents<WorkerEvents> {
  const engineEvents = new RoleEvents<WorkerEvents>('rpc-server', () => name)
  shareEvents(engineEvents, events)
  return engineEvents
}
