import { FieldTable } from '@leveret/memory-broker'
import {
  connect,
  type Handler,
  Producer,
  type Schema,
  type SchemaInput,
  type SchemaOutput,
  Worker,
  type WorkerEvents,
  type WorkerOptions,
  type WorkQueue,
} from 'leveret'
import { Management } from '../management/management.js'
import { startMemoryBroker, type TestMemoryBroker } from '../memory/test-memory-broker.js'

const ENDS = [
  'acked',
  'retried',
  'dead-lettered',
  'dropped',
  'stale',
  'stuck',
  'skipped',
  'postponed',
  'requeued',
] as const

type End = (typeof ENDS)[number]

/** Result of a delivery: the name of the worker's event, and its fields. */
export type TestVerdict = { [Did in End]: { readonly did: Did } & WorkerEvents[`delivery.${Did}`] }[End]

/** Options of {@link testDelivery}. */
export interface TestDeliveryOptions {
  /** Number of the attempt, from 1: failed attempts before this one, plus one. @defaultValue 1 */
  readonly attempt?: number | undefined
  /** Id of the message. @defaultValue a new one */
  readonly messageId?: string | undefined
  /** Headers of the sender. @defaultValue none */
  readonly headers?: Readonly<Record<string, unknown>> | undefined
}

/** Options of the worker. It handles one delivery at a time, and the result of its handler decides. */
export type TestWorkerOptions<Payload> = Omit<WorkerOptions<Payload>, 'batch' | 'acknowledge'>

/** A delivery that waits for its handler. */
export interface TestDelivery<S extends Schema> {
  /**
   * Passes the delivery to a handler, with a worker on a separate broker, and returns the result.
   *
   * @throws as a rejection, what `Producer.send` and `Worker.start` throw: the payload does not fit the contract, an
   *   option is wrong
   */
  handledBy(handler: Handler<SchemaOutput<S>>, options?: TestWorkerOptions<SchemaOutput<S>>): Promise<TestVerdict>
}

/**
 * Creates a single delivery, for the test of a handler. It is encoded, decoded, checked and judged like any other, on a
 * separate broker in this process.
 *
 * @param payload - payload as its sender passes it
 */
export function testDelivery<const S extends Schema>(
  contract: WorkQueue<S>,
  payload: SchemaInput<S>,
  options: TestDeliveryOptions = {},
): TestDelivery<S> {
  return {
    handledBy: async (handler, workerOptions = {}) => {
      await using broker = await startMemoryBroker()
      await using rabbit = await connect(broker.url)
      const producer = new Producer(rabbit, contract)
      const { messageId, headers } = options
      await producer.send(payload, { ...definedOf({ messageId, headers }) })
      if (options.attempt !== undefined) await countAttempts(broker, contract.name, options.attempt)
      const worker = new Worker(rabbit, contract, handler, workerOptions)
      const ended = new Promise<TestVerdict>((resolve) => {
        for (const did of ENDS) worker.on(`delivery.${did}`, (event) => resolve({ did, ...event } as TestVerdict))
      })
      await worker.start()
      return await ended
    },
  }
}

/** Replaces the message by the copy of a later attempt. */
async function countAttempts(broker: TestMemoryBroker, queue: string, attempt: number): Promise<void> {
  const [first] = broker.messages(queue)
  if (first === undefined) throw new Error(`There is no message in '${queue}'`)
  const { exchange, routingKey, properties, body, headers } = first
  const later = FieldTable.of({
    'leveret-attempt': attempt,
    'leveret-exchange': '',
    'leveret-routing-key': queue,
  }).entries
  await new Management([broker.managementUrl]).get('/', queue)
  broker.publish({
    exchange,
    routingKey,
    properties: { ...properties, headers: new FieldTable([...headers.entries, ...later]) },
    body,
  })
}

function definedOf<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
