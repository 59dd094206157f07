import { LeveretError } from './leveret-error.js'

/**
 * A queue or exchange exists with other arguments than the contract's. Nothing was changed and nothing was deleted.
 *
 * @see https://www.rabbitmq.com/docs/queues#property-equivalence
 */
export class TopologyMismatchError extends LeveretError implements Mismatch {
  override readonly name = 'TopologyMismatchError'
  readonly retryable = false
  readonly kind: 'queue' | 'exchange'
  readonly entity: string
  readonly argument: string
  readonly wanted: string
  readonly found: string
  readonly replyText: string
  readonly describedAs: readonly string[]

  constructor(mismatch: Mismatch, options?: ErrorOptions) {
    const { kind, entity, argument, wanted, found, describedAs } = mismatch
    const asItIs =
      describedAs.length === 0
        ? ''
        : `To use it as it is, write ${describedAs.join(' or ')} in the contract. Otherwise `
    super(
      `The ${kind} '${entity}' exists with other arguments: ${argument} should be ${shown(wanted)}, but the broker has ${shown(found)}. ` +
        `${asItIs}${asItIs === '' ? 'Either ' : ''}give the contract a new name, or move the messages away and delete the ${kind}, ` +
        `or connect with topology: 'check'. RabbitMQ names one difference at a time; \`leveret topology plan\` or the management page shows all of them.`,
      options,
    )
    this.kind = kind
    this.entity = entity
    this.argument = argument
    this.wanted = wanted
    this.found = found
    this.replyText = mismatch.replyText
    this.describedAs = describedAs
  }
}

/** A difference between an existing queue or exchange and its contract. */
export interface Mismatch {
  readonly kind: 'queue' | 'exchange'
  /** Name of the queue or exchange. */
  readonly entity: string
  /**
   * The argument or property that differs, for example `x-queue-type` or `durable`. The broker names only one at a
   * time, so others may differ too.
   */
  readonly argument: string
  readonly wanted: string
  readonly found: string
  /** The broker's own sentence. */
  readonly replyText: string
  /**
   * Alternative lines for the contract that describe the queue or exchange as it is, such as
   * `queue: { type: 'classic' }`. Empty if no line can.
   */
  readonly describedAs: readonly string[]
}

/** Shows an empty text as quotes, so that it is not overlooked. */
function shown(value: string): string {
  return value === '' ? "''" : value
}
