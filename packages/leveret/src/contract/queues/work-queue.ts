import { quoted } from '../../message/short-string.js'
import { parseOptions } from '../../options.js'
import type { GivenCodec, PayloadProblem } from '../exchanges/carried-types.js'
import { checkCarried } from '../payloads/carried.js'
import { type CodecOption, json } from '../payloads/codec.js'
import type { PayloadContract } from '../payloads/payload.js'
import type { Schema } from '../payloads/schema.js'
import { codecOption, schemaOption } from '../payloads/shared-options.js'
import {
  describeQueueContract,
  type QueueContract,
  type QueueContractOptions,
  queueContractOptions,
} from './queue-contract.js'
import type { QueueType } from './queue-options.js'

/** A queue of tasks, as `workQueue` describes it: data, without I/O, safe to share between services. */
export interface WorkQueue<S extends Schema = Schema> extends PayloadContract<S>, QueueContract {
  readonly kind: 'work-queue'
  readonly name: string
}

/** Checks {@link WorkQueueOptions}. */
export const workQueueOptions = queueContractOptions.extend({
  payload: schemaOption,
  codec: codecOption.default(json),
})

/** Options of {@link workQueue}. */
export interface WorkQueueOptions<
  S extends Schema,
  Type extends QueueType = QueueType,
  C extends CodecOption = CodecOption,
> extends QueueContractOptions<Type> {
  /**
   * Schema of a task. The sender passes its input, and the handler gets its output.
   *
   * **Keys that the schema does not name stay out of the message** if it is a zod schema without a transform: the
   * result of the validation is sent. With a transform or a similar part (`default`, `prefault`, `catch`, `coerce`,
   * `pipe`, `preprocess`, `codec`, `trim`), and with schemas of other libraries, **the input is sent as it was passed,
   * with all its keys**. For such a schema, write `z.strictObject()`, or pass only what may be sent.
   *
   * The payload that was checked is the payload that is sent, if the caller does not change it meanwhile. With an
   * asynchronous schema leveret makes sure of that. It copies nothing else: a refinement (`refine`, `superRefine`) must
   * not change what it checks, and with an asynchronous codec that reads the payload late, the caller must not change
   * the payload until the send has settled.
   */
  readonly payload: S
  /**
   * Codec of payloads. Of several, the first encodes; a delivery is decoded by the codec of its content type.
   * @defaultValue json
   */
  readonly codec?: C | undefined
}

/**
 * Describes a queue of tasks, each for exactly one worker.
 *
 * By default it is a durable quorum queue with four attempts (at once, then after 1 s, 30 s and 5 min), and then the
 * queue `<name>.dead-letter`. The declared arguments belong to the contract: another service that declares the same
 * queue must describe it in the same way, or is refused with a `TopologyMismatchError`.
 *
 * @throws {@link OptionsError} if the description contradicts itself or RabbitMQ
 * @example
 * ```ts
 * import { workQueue } from 'leveret'
 * import { z } from 'zod'
 *
 * const thumbnails = workQueue('thumbnails', {
 *   payload: z.object({ imageId: z.uuid(), widthPx: z.int().positive() }),
 *   retry: { delaysMs: [1_000, 60_000] },
 * })
 * console.log(thumbnails.name) // prints: thumbnails
 * ```
 */
export function workQueue<
  const S extends Schema,
  const Type extends QueueType = 'quorum',
  const C extends CodecOption = CodecOption,
  const ContentType = unknown,
>(
  name: string,
  options: WorkQueueOptions<S, Type, C> & GivenCodec<ContentType> & PayloadProblem<S, C, ContentType>,
): WorkQueue<S> {
  return describeWorkQueue(name, options, `workQueue(${quoted(name)})`)
}

/** Describes the work queue of another contract. @param where - that contract, for the error */
export function describeWorkQueue<S extends Schema>(
  name: string,
  options: WorkQueueOptions<S>,
  where: string,
): WorkQueue<S> {
  const { payload, codec, ...queue } = parseOptions(workQueueOptions, options, where)
  checkCarried(where, 'payload', payload, codec)
  const described = describeQueueContract(name, queue, where)
  return Object.freeze({ kind: 'work-queue', ...described, payload: payload as S, codec })
}
