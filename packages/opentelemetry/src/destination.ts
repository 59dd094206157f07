import type { Attributes } from '@opentelemetry/api'
import type { ProcessTrace, PublishTrace, SettledDelivery, TracedDelivery } from 'leveret'
import { DESTINATION_NAME, DESTINATION_TEMPLATE } from './names.js'

/** Where a message goes, as one of few names: never a routing key of one message, a reply address or the name of a queue that the broker has chosen. */
export interface Destination {
  readonly name: string
  /** Whether it stands for all routing keys that it matches. */
  readonly isTemplate: boolean
}

/** The destination of a publish. */
export function destinationOf({ destination, template }: PublishTrace): Destination {
  return { name: destination, isTemplate: template !== undefined }
}

type Consumed = Pick<SettledDelivery, 'contract' | 'queue' | 'isEphemeral'> &
  Pick<TracedDelivery, 'delivery' | 'template'>

/** The destination of a delivery. */
export function sourceOf({ contract, queue, isEphemeral, delivery, template }: Consumed): Destination {
  if (template === undefined) return { name: contract, isTemplate: false }
  return { name: joined([delivery.exchange, template, isEphemeral ? '' : queue]), isTemplate: true }
}

/** The attribute by which metrics are counted. */
export function countedBy({ name, isTemplate }: Destination): Attributes {
  return { [isTemplate ? DESTINATION_TEMPLATE : DESTINATION_NAME]: name }
}

/** The attributes of a span that sends: the exact name, and the template where there is one. */
export function sentTo(trace: PublishTrace): Attributes {
  const { exchange, routingKey } = trace
  const { name, isTemplate } = destinationOf(trace)
  const exact = joined([exchange, routingKey]) || 'amq.default'
  return { [DESTINATION_NAME]: exact, ...(isTemplate ? { [DESTINATION_TEMPLATE]: name } : {}) }
}

/** The same of a span that handles. A queue that goes with its connection is left out, because its name is random. */
export function takenFrom(
  trace: Pick<ProcessTrace, 'queue' | 'contract' | 'isEphemeral' | 'delivery' | 'template'>,
): Attributes {
  const { queue, isEphemeral, delivery } = trace
  const { name, isTemplate } = sourceOf(trace)
  const exact = joined([delivery.exchange, delivery.routingKey, isEphemeral ? '' : queue])
  return { [DESTINATION_NAME]: exact || name, ...(isTemplate ? { [DESTINATION_TEMPLATE]: name } : {}) }
}

/** Parts that are empty are left out, and one that is the same as the one before it. */
function joined(parts: readonly string[]): string {
  return parts.filter((part, index) => part !== '' && part !== parts[index - 1]).join(':')
}
