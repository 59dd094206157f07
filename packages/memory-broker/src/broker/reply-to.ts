import { randomBytes } from 'node:crypto'
import type { Message } from './message/message.js'

/** The pseudo-queue of direct reply-to, for replies without a queue. */
export const REPLY_TO = 'amq.rabbitmq.reply-to'

const ADDRESS = /^amq\.rabbitmq\.reply-to\.g1h2[\w-]{24}\.[\w-]+==$/

/** A receiver of replies. */
export interface ReplyConsumer {
  reply(message: Message): void
}

/**
 * Holds the addresses of direct reply-to.
 *
 * @see https://www.rabbitmq.com/docs/direct-reply-to
 */
export class ReplyAddresses {
  readonly #consumers = new Map<string, ReplyConsumer>()

  /** Creates an address that cannot be guessed. */
  open(consumer: ReplyConsumer): string {
    const address = `${REPLY_TO}.g1h2${randomBytes(18).toString('base64url')}.${randomBytes(12).toString('base64url')}==`
    this.#consumers.set(address, consumer)
    return address
  }

  close(address: string): void {
    this.#consumers.delete(address)
  }

  find(address: string): ReplyConsumer | undefined {
    return this.#consumers.get(address)
  }

  /** Whether a name looks like an address, even a malformed one. */
  static isMeant(name: string): boolean {
    return name.startsWith(`${REPLY_TO}.`)
  }

  /** Whether a name has the form of an address. */
  static isAddress(name: string): boolean {
    return ADDRESS.test(name)
  }
}
