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

/** What a service does, as `application` describes it: data, without I/O, for tools that plan, check, draw or document. */
export interface Application {
  readonly kind: 'application'
  /** The name of the service. */
  readonly name: string
  /** The version of the service, in whatever form it has. */
  readonly version: string
  /** Queues that it has producers of. */
  readonly sends: readonly WorkQueue[]
  /** Queues that it has workers of. */
  readonly works: readonly WorkQueue[]
  /** Exchanges that it publishes to. */
  readonly publishes: readonly Exchange[]
  /** What it subscribes by: subscriptions, streams, and the exchanges of ephemeral subscribers. */
  readonly subscribes: readonly Subscribable[]
  /** Procedures that it calls. */
  readonly calls: readonly Procedure[]
  /** Procedures that it has servers of. */
  readonly answers: readonly Procedure[]
}

/** What `application` takes. */
export interface ApplicationOptions {
  /** The name of the service. */
  readonly name: string
  /** The version of the service, in whatever form it has. */
  readonly version: string
  /** Queues that it has producers of. @defaultValue [] */
  readonly sends?: readonly WorkQueue[] | undefined
  /** Queues that it has workers of. @defaultValue [] */
  readonly works?: readonly WorkQueue[] | undefined
  /** Exchanges that it publishes to. @defaultValue [] */
  readonly publishes?: readonly Exchange[] | undefined
  /** What it subscribes by: subscriptions, streams, and the exchanges of ephemeral subscribers. @defaultValue [] */
  readonly subscribes?: readonly Subscribable[] | undefined
  /** Procedures that it calls. @defaultValue [] */
  readonly calls?: readonly Procedure[] | undefined
  /** Procedures that it has servers of. @defaultValue [] */
  readonly answers?: readonly Procedure[] | undefined
}

/** The check of {@link ApplicationOptions}. */
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
 * Lists what a service does, by its contracts. Nothing is opened or declared: see `declare` and `declarationsOf`.
 *
 * @throws {@link OptionsError} a list holds something else than the contracts that it is for
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
  // Each was checked to be of the kind that its list is for.
  return Object.freeze({ kind: 'application', ...lists }) as unknown as Application
}

function listOf(...kinds: readonly ContractKind[]) {
  const isOne = (value: unknown): boolean => kinds.some((kind) => Object(value).kind === kind)
  return z
    .array(z.custom<Contract>(isOne, `expected a contract that ${makersOf(kinds)} has made`))
    .transform((list): readonly Contract[] => Object.freeze(list))
    .default(Object.freeze([]))
}
