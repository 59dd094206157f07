import { MemoryBroker, type MemoryBrokerOptions, type Message } from '@leveret/memory-broker'
import type { ExchangeContract, LetterContract, QueueContract, SentBy, SentContract } from './contracts.js'
import { readLetters, type TestLetterOf } from './letters.js'
import { byteTextOf, readEvent, readTask } from './reading.js'

/** A broker in this process that also reads contracts of leveret's. */
export class TestMemoryBroker extends MemoryBroker {
  /**
   * What clients have sent by a contract, the oldest first, as a handler gets it: of a work queue the payloads of its tasks, also of those that
   * are delayed; of a procedure its requests; of an exchange its events, also those that no queue took; of a subscription or a stream the
   * events of its exchange that its queue was given. Copies for later attempts are not among them, nor are dead letters that were replayed.
   * The newest 10,000 messages of the broker are remembered.
   *
   * @throws UnfitMessageError as a rejection: one does not fit the contract, or no template of its exchange has its routing key
   */
  async sent<C extends SentContract>(contract: C, vhost = '/'): Promise<SentBy<C>[]> {
    // Each branch reads what the type says of such a contract.
    return (await this.#sentBy(contract, vhost)) as SentBy<C>[]
  }

  /**
   * The dead letters of a contract that nobody has taken, the oldest first. Takes none of them. Of contracts that keep theirs in one queue, each
   * has its own.
   */
  async deadLetters<C extends LetterContract>(contract: C, vhost = '/'): Promise<TestLetterOf<C>[]> {
    if (contract.deadLetter === false) return []
    return await readLetters(contract, this.messages(contract.deadLetter.queue, vhost))
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

  async #sentBy(contract: SentContract, vhost: string): Promise<unknown[]> {
    switch (contract.kind) {
      case 'work-queue':
        return await Promise.all(this.#tasksOf(contract, vhost).map((message) => readTask(contract, message)))
      case 'procedure':
        return await this.#sentBy(contract.requests, vhost)
      case 'exchange':
        return await this.#events(contract, this.published(vhost))
      default:
        return await this.#events(contract.of, this.publishedTo(contract.name, vhost))
    }
  }

  #tasksOf({ name }: QueueContract, vhost: string): readonly Message[] {
    return this.published(vhost).filter((message) => isSentTo(name, message))
  }

  async #events(exchange: ExchangeContract, messages: readonly Message[]): Promise<unknown[]> {
    const name = byteTextOf(exchange.name)
    const own = messages.filter((message) => message.exchange === name)
    return await Promise.all(own.map((message) => readEvent(exchange, message)))
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
  return isDirect && routingKey === byteTextOf(queue) && headers.get('leveret-replays') === undefined
}
