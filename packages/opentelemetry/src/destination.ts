import type { Attributes } from '@opentelemetry/api'
import type { PublishTrace, SettledDelivery, TracedDelivery } from 'leveret'
import { DESTINATION_NAME, DESTINATION_TEMPLATE } from './names.js'

/**
 * The destination of a message, as one of few names. It is never the routing key of a single message, a reply address,
 * or a queue name that the broker has generated.
 */
export interface Destination {
  readonly name: string
  /** Whether the name stands for all routing keys that match it. */
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

/** The attribute that metrics use for a destination. */
export function countedBy({ name, isTemplate }: Destination): Attributes {
  return { [isTemplate ? DESTINATION_TEMPLATE : DESTINATION_NAME]: name }
}

/** Sets the destination attributes of a publish: the exact name, and the template if there is one. */
export function noteTarget(attributes: Attributes, trace: PublishTrace): void {
  const { exchange, routingKey, template, destination } = trace
  attributes[DESTINATION_NAME] = joined(exchange, routingKey) || 'amq.default'
  if (template !== undefined) attributes[DESTINATION_TEMPLATE] = destination
}

/** Sets the destination attributes of a delivery. The name of an ephemeral queue is left out, because it is random. */
export function noteSource(attributes: Attributes, trace: Consumed): void {
  const { contract, queue, isEphemeral, delivery, template } = trace
  const exact = joined(joined(delivery.exchange, delivery.routingKey), isEphemeral ? '' : queue)
  attributes[DESTINATION_NAME] = exact || contract
  if (template !== undefined) attributes[DESTINATION_TEMPLATE] = sourceOf(trace).name
}

/** Joins two names with a colon. An empty name and a repeated name are left out. */
function joined(one: string, other: string): string {
  if (one === '' || one === other) return other
  return other === '' ? one : `${one}:${other}`
}
