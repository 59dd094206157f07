import { MemoryBroker, type MemoryBrokerOptions, type Message } from '@leveret/memory-broker'
import { type PayloadOf, type QueueContract, readPayload } from './contracts.js'

/** A dead letter, for the checks of a test. */
export interface TestLetter<Payload = unknown> {
  readonly messageId: string | undefined
  /** Reason in leveret's words, such as `rejected` or `attempts-exhausted`, or in RabbitMQ's, such as `expired`. */
  readonly reason: string | undefined
  /** Error of the last attempt; `undefined` if RabbitMQ itself dead-lettered the message. */
  readonly error: { readonly name: string; readonly message: string } | undefined
  /** Payload; `undefined` if it does not fit its contract, as with `invalid-payload`. */
  readonly payload: Payload | undefined
}

/** A broker in this process that also reads messages by the contracts of leveret. */
export class TestMemoryBroker extends MemoryBroker {
  /**
   * Returns the payloads of all tasks that were sent to a work queue, the oldest first, including delayed ones. Copies
   * for later attempts and replayed dead letters do not count. The broker remembers its newest 10,000 messages.
   *
   * @throws UnfitMessageError as a rejection, if a message does not fit the contract
   */
  async sent<C extends QueueContract>(contract: C, vhost = '/'): Promise<PayloadOf<C>[]> {
    const sent = this.published(vhost).filter((message) => isSentTo(contract.name, message))
    return await Promise.all(sent.map((message) => readPayload(contract, message)))
  }

  /** Returns the dead letters in a contract's queue, the oldest first, and takes none of them. */
  async deadLetters<C extends QueueContract>(contract: C, vhost = '/'): Promise<TestLetter<PayloadOf<C>>[]> {
    if (contract.deadLetter === false) return []
    return await Promise.all(
      this.messages(contract.deadLetter.queue, vhost).map((message) => readLetter(contract, message)),
    )
  }

  /**
   * Checks the end of a test.
   *
   * @throws Error with the log, if deliveries are not settled, or consumers or connections are open: a role was not
   *   closed
   */
  assertNothingLeft(vhost = '/'): void {
    const left = this.left(vhost)
    if (left.length === 0) return
    throw new Error(`The test has left ${left.join(', ')}.\nWhat the broker saw:\n${String(this.log)}`)
  }
}

/**
 * Starts a broker in this process that behaves like RabbitMQ. It is for tests: it listens on the loopback interface
 * only, and keeps nothing when it is closed.
 *
 * @throws Error if the port is in use
 */
export async function startMemoryBroker(options: MemoryBrokerOptions = {}): Promise<TestMemoryBroker> {
  const broker = new TestMemoryBroker(options)
  await broker.start()
  return broker
}

/**
 * Whether a message was sent to the queue. A delayed one is published to an exchange for delays, with the same routing
 * key.
 */
function isSentTo(queue: string, { exchange, routingKey, headers }: Message): boolean {
  const isDirect = exchange === '' || exchange.startsWith('leveret.delay.')
  return (
    isDirect && routingKey === Buffer.from(queue).toString('latin1') && headers.get('leveret-replays') === undefined
  )
}

async function readLetter<C extends QueueContract>(contract: C, message: Message): Promise<TestLetter<PayloadOf<C>>> {
  const {
    'leveret-reason': reason,
    'leveret-error-name': name,
    'leveret-error-message': text,
    'x-death': deaths,
  } = message.headers.toObject()
  const latest = Array.isArray(deaths) ? (deaths[0] as { readonly reason?: unknown }) : undefined
  const error = typeof name === 'string' && typeof text === 'string' ? { name, message: text } : undefined
  return {
    messageId: message.properties.messageId,
    reason: textOf(reason) ?? textOf(latest?.reason),
    error,
    payload: await readPayload(contract, message).catch(() => undefined),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
