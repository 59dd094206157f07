import { Management } from '@leveret/management'
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

/** What a worker made of a delivery: the event of that name, and what it says. */
export type TestVerdict = { [Did in End]: { readonly did: Did } & WorkerEvents[`delivery.${Did}`] }[End]

/** How a delivery comes. */
export interface TestDeliveryOptions {
  /** From 1: failed attempts before this one, plus one. @defaultValue 1 */
  readonly attempt?: number | undefined
  /** @defaultValue a new one */
  readonly messageId?: string | undefined
  /** The sender's headers. @defaultValue none */
  readonly headers?: Readonly<Record<string, unknown>> | undefined
}

/** How its worker handles it: one delivery at a time, and what its handler returns decides. */
export type TestWorkerOptions<Payload> = Omit<WorkerOptions<Payload>, 'batch' | 'acknowledge'>

/** A delivery that waits for its handler. */
export interface TestDelivery<S extends Schema> {
  /**
   * Has a handler handle it, by a worker on a broker of its own, and tells what the worker made of it.
   *
   * @throws what `Producer.send` and `Worker.start` throw, as a rejection: the payload does not fit the contract, an option is wrong
   */
  handledBy(handler: Handler<SchemaOutput<S>>, options?: TestWorkerOptions<SchemaOutput<S>>): Promise<TestVerdict>
}

/**
 * A delivery by itself, for the test of a handler: it is encoded, decoded, checked and judged as any other, on a broker in this process that
 * nobody else uses.
 *
 * @param payload - what its sender gave
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

/** Puts the copy of a later attempt in the place of what was sent. */
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
