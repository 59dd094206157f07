import { crc32 } from 'node:zlib'
import { copyMarkOf } from '../../headers/attempt-headers.js'
import type { ReceivedMessage } from '../../message/message.js'
import { isOwnMessageId } from '../../message/message-id.js'

/** The most messages that are remembered; the oldest are forgotten first. */
const MAX_ENTRIES = 10_000
/**
 * How long the loss of a channel counts. Its cause may have been the broker or the network, and may have affected other
 * processes too.
 */
const RECENT_MS = 10 * 60_000

/**
 * Remembers which deliveries of a queue this process has given back or lost. The process still runs, so those
 * deliveries did not crash it.
 *
 * A wrong guess about a return causes or saves an isolation, and never loses a message. A message without an id is not
 * remembered.
 */
export class ReturnMemory {
  readonly #returns = new Map<string, number>()
  readonly #done = new Set<string>()
  #losses: readonly number[] = []

  /**
   * Notes that a delivery goes back to its queue for a reason outside of it: its channel was lost, or it had not begun.
   */
  noteReturn(message: ReceivedMessage): void {
    const key = keyOf(message)
    if (key === undefined) return
    const returns = this.#returns.get(key) ?? 0
    this.#returns.delete(key)
    this.#returns.set(key, returns + 1)
    forgetOldest(this.#returns)
  }

  /** Notes that this process has lost a channel that consumed the queue, and still runs. */
  noteLoss(nowMs: number): void {
    this.#losses = [...this.#recentLosses(nowMs), nowMs]
  }

  /**
   * How many returns of a delivery are no reason to suspect it: its returns by this process, or, if more, the channels
   * that this process lost in the last ten minutes. Other processes probably lost their channels at the same time.
   */
  innocentReturnsOf(message: ReceivedMessage, nowMs: number): number {
    const own = this.#returns.get(keyOf(message) ?? '') ?? 0
    return Math.max(own, this.#recentLosses(nowMs).length)
  }

  /** Notes that a delivery is done, although the broker may never read its ack. */
  noteDone(fingerprint: string): void {
    this.#done.add(fingerprint)
    forgetOldest(this.#done)
  }

  /** Whether this process has already done a delivery that came back. Answers `true` only once per message. */
  takeDone(message: ReceivedMessage): boolean {
    if (!message.fields.redelivered || this.#done.size === 0) return false
    return this.#done.delete(fingerprintOf(message) ?? '')
  }

  #recentLosses(nowMs: number): readonly number[] {
    return this.#losses.filter((atMs) => nowMs - atMs < RECENT_MS)
  }
}

const memories = new WeakMap<object, Map<string, ReturnMemory>>()

/**
 * The memory of a queue. All workers of a connection share it, because a delivery that one of them lost may come back
 * to another.
 *
 * @param connection - an object that identifies the connection
 */
export function returnMemoryOf(connection: object, queue: string): ReturnMemory {
  const known = memories.get(connection) ?? new Map<string, ReturnMemory>()
  memories.set(connection, known)
  const memory = known.get(queue) ?? new ReturnMemory()
  known.set(queue, memory)
  return memory
}

/**
 * A text that is equal for a message and its redelivery, and different for every other message.
 *
 * @returns `undefined` for ids that leveret did not make: other programs use one id for several messages
 */
export function fingerprintOf(message: ReceivedMessage): string | undefined {
  const { content, properties } = message
  if (!isOwnMessageId(properties.messageId)) return undefined
  return `${keyOf(message)}\n${properties.timestamp}\n${content.length}\n${crc32(content)}`
}

/** A copy for another attempt, or a replayed one, is a different message with the same id. */
function keyOf(message: ReceivedMessage): string | undefined {
  const { messageId } = message.properties
  return messageId ? `${messageId}\n${copyMarkOf(message)}` : undefined
}

function forgetOldest(entries: Map<string, unknown> | Set<string>): void {
  if (entries.size <= MAX_ENTRIES) return
  for (const oldest of entries.keys()) {
    entries.delete(oldest)
    return
  }
}
