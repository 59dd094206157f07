import {
  connect,
  type ExchangeOf,
  type Handler,
  type InputOf,
  type Procedure,
  Producer,
  type Schema,
  type SchemaInput,
  type SchemaOutput,
  type Subscribable,
  Worker,
  type WorkerOptions,
  type WorkQueue,
} from 'leveret'
import { startMemoryBroker } from '../memory/test-memory-broker.js'
import type { TestDeliveryOptions } from './delivery-options.js'
import { replaceByLaterAttempt } from './later-attempt.js'
import { handleEvent, type TestEvent, type TestEventDelivery } from './test-event.js'
import { handleRequest, type TestRequest } from './test-request.js'
import { firstVerdict, type TestVerdict } from './verdicts.js'

/** Options of the worker. It handles one delivery at a time, and the result of its handler settles the delivery. */
export type TestWorkerOptions<Payload> = Omit<WorkerOptions<Payload>, 'batch' | 'acknowledge'>

/** A task that waits for its handler. */
export interface TestDelivery<S extends Schema> {
  /**
   * Lets a handler handle the task, through a worker on a broker of its own, and returns how the worker settled it.
   *
   * @throws the errors of `Producer.send` and `Worker.start`, as a rejection: the payload does not fit the contract, or
   * an option is wrong
   */
  handledBy(handler: Handler<SchemaOutput<S>>, options?: TestWorkerOptions<SchemaOutput<S>>): Promise<TestVerdict>
}

/** The test of any of the three kinds of contracts. */
type AnyTest = TestDelivery<Schema> | TestRequest<Procedure> | TestEventDelivery<Subscribable>

/**
 * Creates a single delivery, for the test of a handler. It is encoded, decoded, checked and settled like any other, on
 * a broker in this process that is not shared.
 *
 * @param payload - the sender's input: a task of a work queue, the request of a procedure, or an event with its routing
 * key or headers
 */
export function testDelivery<const S extends Schema>(
  contract: WorkQueue<S>,
  payload: SchemaInput<S>,
  options?: TestDeliveryOptions,
): TestDelivery<S>
export function testDelivery<const P extends Procedure>(
  contract: P,
  request: InputOf<P>,
  options?: Omit<TestDeliveryOptions, 'attempt'>,
): TestRequest<P>
export function testDelivery<const C extends Subscribable>(
  contract: C,
  event: TestEvent<ExchangeOf<C>>,
  options?: C extends { readonly kind: 'subscription' } ? TestDeliveryOptions : Omit<TestDeliveryOptions, 'attempt'>,
): TestEventDelivery<C>
export function testDelivery(
  contract: WorkQueue | Procedure | Subscribable,
  payload: unknown,
  options: TestDeliveryOptions = {},
): AnyTest {
  const message = definedOf(options)
  switch (contract.kind) {
    case 'work-queue':
      return {
        handledBy: (handler, workerOptions = {}) => handleTask(contract, payload, message, handler, workerOptions),
      } satisfies TestDelivery<Schema>
    case 'procedure':
      return {
        handledBy: (handler, serverOptions = {}) => handleRequest(contract, payload, message, handler, serverOptions),
      } satisfies TestRequest<Procedure>
    default:
      return {
        handledBy: (handler, subscriberOptions = {}) =>
          handleEvent(contract, payload as TestEvent<ExchangeOf<Subscribable>>, message, handler, subscriberOptions),
      } satisfies TestEventDelivery<Subscribable>
  }
}

async function handleTask(
  contract: WorkQueue,
  payload: unknown,
  { attempt, ...message }: TestDeliveryOptions,
  handler: Handler<unknown>,
  options: TestWorkerOptions<unknown>,
): Promise<TestVerdict> {
  await using broker = await startMemoryBroker()
  await using rabbit = await connect(broker.url)
  await new Producer(rabbit, contract).send(payload, message)
  if (attempt !== undefined) await replaceByLaterAttempt(broker, contract.name, attempt)
  const worker = new Worker(rabbit, contract, handler, options)
  const ended = firstVerdict(worker)
  await worker.start()
  return await ended
}

function definedOf<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
