import { MemoryBroker, type MemoryBrokerOptions, type Message } from '@leveret/memory-broker'
import { type PayloadOf, type QueueContract, readPayload } from './contracts.js'

/** A dead letter, as a test looks at it. */
export interface TestLetter<Payload = unknown> {
  readonly messageId: string | undefined
  /** leveret's word, such as `rejected` or `attempts-exhausted`, or RabbitMQ's, such as `expired`. */
  readonly reason: string | undefined
  /** What the last attempt failed with; `undefined` when RabbitMQ itself dead-lettered it. */
  readonly error: { readonly name: string; readonly message: string } | undefined
  /** `undefined`: it does not fit its contract, as an `invalid-payload`. */
  readonly payload: Payload | undefined
}

/** A broker in this process that also reads contracts of leveret's. */
export class TestMemoryBroker extends MemoryBroker {
  /**
   * The payloads of all tasks that were sent to a work queue, also of those that are delayed, the oldest first. Copies for later attempts are
   * none, nor are dead letters that were replayed. The newest 10,000 messages of the broker are remembered.
   *
   * @throws UnfitMessageError as a rejection: one does not fit the contract
   */
  async sent<C extends QueueContract>(contract: C, vhost = '/'): Promise<PayloadOf<C>[]> {
    const sent = this.published(vhost).filter((message) => isSentTo(contract.name, message))
    return await Promise.all(sent.map((message) => readPayload(contract, message)))
  }

  /** The dead letters of a contract that nobody has taken, the oldest first. Takes none of them. */
  async deadLetters<C extends QueueContract>(contract: C, vhost = '/'): Promise<TestLetter<PayloadOf<C>>[]> {
    if (contract.deadLetter === false) return []
    return await Promise.all(
      this.messages(contract.deadLetter.queue, vhost).map((message) => readLetter(contract, message)),
    )
  }

  /**
   * Ends a test well, or not.
   *
   * @throws Error deliveries are not settled, or consumers or connections are open: a role was not closed. It shows the log
   */
  assertNothingLeft(vhost = '/'): void {
    const left = this.left(vhost)
    if (left.length === 0) return
    throw new Error(`The test has left ${left.join(', ')}.\nWhat the broker saw:\n${String(this.log)}`)
  }
}

/**
 * Starts a broker in this process that behaves like RabbitMQ. It is for tests: it listens on the loopback interface only, and keeps
 * nothing when it is closed.
 *
 * @throws Error the port is taken
 */
export async function startMemoryBroker(options: MemoryBrokerOptions = {}): Promise<TestMemoryBroker> {
  const broker = new TestMemoryBroker(options)
  await broker.start()
  return broker
}

/** What is delayed is published to an exchange of the delays, under the same key. */
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
