import { z } from 'zod'
import { quoted } from '../message/short-string.js'
import { parseOptions } from '../options.js'
import type { Exchange } from './exchanges/exchange.js'
import { type ContractKind, makersOf } from './payloads/shared-options.js'
import type { Procedure } from './procedures/procedure.js'
import type { Subscribable } from './queues/subscribable.js'
import type { WorkQueue } from './queues/work-queue.js'

/** A contract of any kind. */
export type Contract = WorkQueue | Subscribable | Procedure

/**
 * The contracts of one service, as `application` describes them: data, without I/O, for tools that plan, check, draw or
 * document.
 */
export interface Application {
  readonly kind: 'application'
  /** Name of the service, not empty. */
  readonly name: string
  /** Version of the service, in any form. */
  readonly version: string
  /** Queues that the service has producers of. */
  readonly sends: readonly WorkQueue[]
  /** Queues that the service has workers of. */
  readonly works: readonly WorkQueue[]
  /** Exchanges that the service publishes to. */
  readonly publishes: readonly Exchange[]
  /** Subscriptions and streams that the service subscribes by, and the exchanges of its ephemeral subscribers. */
  readonly subscribes: readonly Subscribable[]
  /** Procedures that the service calls. */
  readonly calls: readonly Procedure[]
  /** Procedures that the service has servers of. */
  readonly answers: readonly Procedure[]
}

/** Options of {@link application}. */
export interface ApplicationOptions {
  /** Name of the service, not empty. */
  readonly name: string
  /** Version of the service, in any form. */
  readonly version: string
  /** Queues that the service has producers of. @defaultValue [] */
  readonly sends?: readonly WorkQueue[] | undefined
  /** Queues that the service has workers of. @defaultValue [] */
  readonly works?: readonly WorkQueue[] | undefined
  /** Exchanges that the service publishes to. @defaultValue [] */
  readonly publishes?: readonly Exchange[] | undefined
  /**
   * Subscriptions and streams that the service subscribes by, and the exchanges of its ephemeral subscribers.
   * @defaultValue []
   */
  readonly subscribes?: readonly Subscribable[] | undefined
  /** Procedures that the service calls. @defaultValue [] */
  readonly calls?: readonly Procedure[] | undefined
  /** Procedures that the service has servers of. @defaultValue [] */
  readonly answers?: readonly Procedure[] | undefined
}

/** Checks {@link ApplicationOptions}. */
export const applicationOptions = z.strictObject({
  name: z.string().min(1),
  version: z.string().min(1),
  sends: listOf('work-queue'),
  works: listOf('work-queue'),
  publishes: listOf('exchange'),
  subscribes: listOf('subscription', 'stream', 'exchange'),
  calls: listOf('procedure'),
  answers: listOf('procedure'),
})

/**
 * Describes a service by its contracts. It opens and declares nothing: for that see `declare` and `declarationsOf`.
 *
 * @throws {@link OptionsError} if a list holds anything but the contracts that it is for
 * @example
 * ```ts
 * import { application, workQueue } from 'leveret'
 * import { z } from 'zod'
 *
 * const emails = workQueue('emails', { payload: z.object({ to: z.email() }) })
 * export const service = application({ name: 'mailer', version: '1.0.0', works: [emails] })
 * console.log(service.works.length) // prints: 1
 * ```
 */
export function application(options: ApplicationOptions): Application {
  const where = `application(${quoted(options?.name)})`
  const lists = parseOptions(applicationOptions, options, where)
  // Each contract was checked to be of its list's kind.
  return Object.freeze({ kind: 'application', ...lists }) as unknown as Application
}

function listOf(...kinds: readonly ContractKind[]) {
  const isOne = (value: unknown): boolean => kinds.some((kind) => Object(value).kind === kind)
  return z
    .array(z.custom<Contract>(isOne, `expected a contract made by ${makersOf(kinds)}`))
    .transform((list): readonly Contract[] => Object.freeze(list))
    .default(Object.freeze([]))
}
