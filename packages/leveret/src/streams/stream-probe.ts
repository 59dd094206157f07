import { randomUUID } from 'node:crypto'
import type { Channel } from '../amqp/channel.js'
import { atMost, unlessAborted } from '../async/timing.js'
import type { Lane } from '../connection/lanes/lane.js'
import type { ReceivedMessage } from '../message/message.js'
import { offsetOf, type StreamOffset } from '../message/stream-offset.js'

const CLOSE_TIMEOUT_MS = 2_000
/** RabbitMQ puts at most 4,096 messages into a chunk, so the last chunk comes at once. */
const PREFETCH = 5_000

/**
 * Asks where in a stream its messages are, which AMQP 0-9-1 tells by delivering them only. Each question ends the channel that it was asked on.
 *
 * RabbitMQ delivers what is there before it reads the next command of the channel, so the answer to that says that nothing is.
 */
export class StreamProbe {
  readonly #lane: Lane
  readonly #stream: string

  constructor(lane: Lane, stream: string) {
    this.#lane = lane
    this.#stream = stream
  }

  /**
   * @param patienceMs - how long to wait for it: a replica may be behind
   * @returns the first offset that a consumer gets which begins there; `undefined` when there is none
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

  /** @returns the offset of the last message; `undefined` when there is none */
  async last(signal: AbortSignal): Promise<number | undefined> {
    return await this.#ask(signal, async (channel) => {
      let last: number | undefined
      let unsettled: ReceivedMessage[] = []
      await this.#consume(channel, { from: 'last', prefetch: PREFETCH }, (offset, message) => {
        last = offset
        unsettled.push(message)
      }).begun
      await channel.prefetch(PREFETCH)
      // Fewer than it may hold is all there was.
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
        // What it has brought, and its consumer, go with it.
        await channel.close(CLOSE_TIMEOUT_MS)
      }
    })
  }
}
