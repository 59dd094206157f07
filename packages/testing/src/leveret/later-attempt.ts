import { Management } from '@leveret/management'
import { FieldTable } from '@leveret/memory-broker'
import type { TestMemoryBroker } from '../memory/test-memory-broker.js'

/** Replaces the message in a queue by a copy for a later attempt, as a worker of leveret writes it. */
export async function replaceByLaterAttempt(broker: TestMemoryBroker, queue: string, attempt: number): Promise<void> {
  const [first] = broker.messages(queue)
  if (first === undefined) throw new Error(`There is no message in '${queue}'.`)
  const { exchange, routingKey, properties, body, headers } = first
  const later = FieldTable.of({
    'leveret-attempt': attempt,
    'leveret-exchange': exchange,
    'leveret-routing-key': routingKey,
  }).entries
  await new Management([broker.managementUrl]).get('/', queue)
  broker.publish({
    exchange: '',
    routingKey: Buffer.from(queue).toString('latin1'),
    properties: { ...properties, headers: new FieldTable([...headers.entries, ...later]) },
    body,
  })
}
