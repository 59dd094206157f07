import { randomUUID } from 'node:crypto'
import type { Channel } from '../amqp/channel.js'
import { atMost, unlessAborted } from '../async/timing.js'
import type { Lane } from '../connection/lanes/lane.js'
import type { ReceivedMessage } from '../message/message.js'
import { offsetOf, type StreamOffset } from '../message/stream-offset.js'

const CLOSE_TIMEOUT_MS = 2_000
/** RabbitMQ puts at most 4,096 messages into a chunk, so this prefetch receives the whole last chunk. */
const PREFETCH = 5_000

/**
 * Finds the offsets of messages in a stream, which AMQP 0-9-1 reveals only by delivering the messages. Each question
 * uses up a channel.
 *
 * RabbitMQ delivers existing messages before it reads the next command of a channel. So when it has answered that
 * command and no message has come, there is none.
 */
export class StreamProbe {
  readonly #lane: Lane
  readonly #stream: string

  constructor(lane: Lane, stream: string) {
    this.#lane = lane
    this.#stream = stream
  }

  /**
   * Finds the first offset that a consumer gets which begins at `from`.
   *
   * @param patienceMs - how long to wait for a message, because a replica may be behind
   * @returns `undefined` when there is no message
   */
  async first(from: StreamOffset, patienceMs: number, signal: AbortSignal): Promise<number | undefined> {
    return await this.#ask(signal, async (channel) => {
      let found: number | undefined
      const come = this.#consume(channel, { from, prefetch: 1 }, (offset) => {
        found ??= offset
      })
      await come.begun
      await channel.prefetch(1)
      if (found === undefined) await unlessAborted(channel.signal, atMost(patienceMs, come.first))
      return found
    })
  }

  /** Finds the offset of the last message. @returns `undefined` when there is none */
  async last(signal: AbortSignal): Promise<number | undefined> {
    return await this.#ask(signal, async (channel) => {
      let last: number | undefined
      let unsettled: ReceivedMessage[] = []
      await this.#consume(channel, { from: 'last', prefetch: PREFETCH }, (offset, message) => {
        last = offset
        unsettled.push(message)
      }).begun
      await channel.prefetch(PREFETCH)
      // Fewer messages than the prefetch mean that there are no more.
      while (unsettled.length >= PREFETCH) {
        const newest = unsettled.at(-1)
        unsettled = []
        if (newest !== undefined) channel.ack(newest, 'all up to it')
        await channel.prefetch(PREFETCH)
      }
      return last
    })
  }

  #consume(
    channel: Channel,
    { from, prefetch }: { readonly from: StreamOffset; readonly prefetch: number },
    onOffset: (offset: number, message: ReceivedMessage) => void,
  ): { readonly begun: Promise<void>; readonly first: Promise<void> } {
    let come: () => void = () => undefined
    const first = new Promise<void>((resolve) => {
      come = resolve
    })
    const begin = async (): Promise<void> => {
      await channel.prefetch(prefetch)
      await channel.consume(
        this.#stream,
        `leveret-${randomUUID()}`,
        (message) => {
          const offset = message === undefined ? undefined : offsetOf(message)
          if (message === undefined || offset === undefined) return
          onOffset(offset, message)
          come()
        },
        { offset: from },
      )
    }
    return { begun: begin(), first }
  }

  async #ask<T>(signal: AbortSignal, question: (channel: Channel) => Promise<T>): Promise<T> {
    return await this.#lane.spare.use(signal, async (channel) => {
      try {
        return await unlessAborted(signal, question(channel))
      } finally {
        // The consumer and its messages end with the channel.
        await channel.close(CLOSE_TIMEOUT_MS)
      }
    })
  }
}
