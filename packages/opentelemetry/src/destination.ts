import type { Attributes } from '@opentelemetry/api'
import type { PublishTrace, SettledDelivery, TracedDelivery } from 'leveret'
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
  return { name: joined(joined(delivery.exchange, template), isEphemeral ? '' : queue), isTemplate: true }
}

/** The attribute by which metrics are counted. */
export function countedBy({ name, isTemplate }: Destination): Attributes {
  return { [isTemplate ? DESTINATION_TEMPLATE : DESTINATION_NAME]: name }
}

/** Notes where a message is sent: the exact name, and the template where there is one. */
export function noteTarget(attributes: Attributes, trace: PublishTrace): void {
  const { exchange, routingKey, template, destination } = trace
  attributes[DESTINATION_NAME] = joined(exchange, routingKey) || 'amq.default'
  if (template !== undefined) attributes[DESTINATION_TEMPLATE] = destination
}

/** The same of a message that is handled. A queue that goes with its connection is left out, because its name is random. */
export function noteSource(attributes: Attributes, trace: Consumed): void {
  const { contract, queue, isEphemeral, delivery, template } = trace
  const exact = joined(joined(delivery.exchange, delivery.routingKey), isEphemeral ? '' : queue)
  attributes[DESTINATION_NAME] = exact || contract
  if (template !== undefined) attributes[DESTINATION_TEMPLATE] = sourceOf(trace).name
}

/** An empty part is left out, and one that is the same as the other. */
function joined(one: string, other: string): string {
  if (one === '' || one === other) return other
  return other === '' ? one : `${one}:${other}`
}
