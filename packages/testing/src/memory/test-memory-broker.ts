import { MemoryBroker, type MemoryBrokerOptions, type Message } from '@leveret/memory-broker'
import type { ExchangeContract, LetterContract, QueueContract, SentBy, SentContract } from './contracts.js'
import { readLetters, type TestLetterOf } from './letters.js'
import { byteTextOf, readEvent, readTask } from './reading.js'

/** A broker in this process that also reads contracts of leveret. */
export class TestMemoryBroker extends MemoryBroker {
  /**
   * Returns the messages that clients have sent by a contract, the oldest first, as a handler gets them.
   *
   * For a work queue these are the payloads of its tasks, including delayed ones; for a procedure, its requests. For an
   * exchange they are its events, including those that no queue took. For a subscription or a stream they are the
   * events of its exchange that reached its queue. Copies for later attempts and replayed dead letters are left out.
   * The broker remembers its newest 10,000 messages.
   *
   * @throws UnfitMessageError as a rejection, if a message does not fit the contract, or no template has its routing
   * key
   */
  async sent<C extends SentContract>(contract: C, vhost = '/'): Promise<SentBy<C>[]> {
    // Each branch reads the type that such a contract has.
    return (await this.#sentBy(contract, vhost)) as SentBy<C>[]
  }

  /**
   * Returns the dead letters of a contract that are still in their queue, the oldest first. They stay there. If several
   * contracts share a queue of dead letters, each gets its own.
   */
  async deadLetters<C extends LetterContract>(contract: C, vhost = '/'): Promise<TestLetterOf<C>[]> {
    if (contract.deadLetter === false) return []
    return await readLetters(contract, this.messages(contract.deadLetter.queue, vhost))
  }

  /**
   * Checks that a test has left nothing behind.
   *
   * @throws Error if deliveries are unsettled, or consumers or connections are open: a role was not closed. The message
   * shows the log
   */
  assertNothingLeft(vhost = '/'): void {
    const left = this.left(vhost)
    if (left.length === 0) return
    throw new Error(`The test has left ${left.join(', ')}.\nLog of the broker:\n${String(this.log)}`)
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
 * Starts a broker in this process that behaves like RabbitMQ. It is for tests: it listens on the loopback interface
 * only, and keeps nothing after its end.
 *
 * @throws Error if the port is taken
 */
export async function startMemoryBroker(options: MemoryBrokerOptions = {}): Promise<TestMemoryBroker> {
  const broker = new TestMemoryBroker(options)
  await broker.start()
  return broker
}

/** Whether a message was sent to a queue. A delayed one goes to an exchange of the delays, under the same key. */
function isSentTo(queue: string, { exchange, routingKey, headers }: Message): boolean {
  const isDirect = exchange === '' || exchange.startsWith('leveret.delay.')
  return isDirect && routingKey === byteTextOf(queue) && headers.get('leveret-replays') === undefined
}
