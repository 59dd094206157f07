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
      describedAs.length === 0 ? '' : `To use it as it is, write in the contract ${describedAs.join(' or ')}. Else `
    super(
      `The ${kind} '${entity}' exists with other arguments: ${argument} should be ${shown(wanted)}, and the broker has ${shown(found)}. ` +
        `${asItIs}${asItIs === '' ? 'Either ' : ''}give the contract a new name, or move the messages away and delete the ${kind}, ` +
        "or connect with topology: 'check'.",
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

/** Where an existing queue or exchange differs from what the contract describes. */
export interface Mismatch {
  readonly kind: 'queue' | 'exchange'
  /** Name of the queue or exchange. */
  readonly entity: string
  /** The argument or property that differs, for example `x-queue-type` or `durable`. The broker names one at a time. */
  readonly argument: string
  readonly wanted: string
  readonly found: string
  /** The broker's own sentence. */
  readonly replyText: string
  /**
   * Lines of the contract that describe it as it is, such as `queue: { type: 'classic' }`: each is a way of its own. Empty where none can.
   */
  readonly describedAs: readonly string[]
}

/** An empty text would be overlooked. */
function shown(value: string): string {
  return value === '' ? "''" : value
}
