import { crc32 } from 'node:zlib'
import { copyMarkOf } from '../../headers/attempt-headers.js'
import type { ReceivedMessage } from '../../message/message.js'
import { isOwnMessageId } from '../../message/message-id.js'

/** More than this many messages are not remembered; the oldest are forgotten first. */
const MAX_ENTRIES = 10_000
/** A loss of a channel counts for this long: its cause may have been the broker or the network, and may have hit other processes too. */
const RECENT_MS = 10 * 60_000

/**
 * Remembers which deliveries of a queue this process has given back or lost. That the process lives on shows that those did not end it.
 *
 * A wrong guess about a return costs or spares an isolation, never a message. A message without an id is not remembered.
 */
export class ReturnMemory {
  readonly #returns = new Map<string, number>()
  readonly #done = new Set<string>()
  #losses: readonly number[] = []

  /** Notes that a delivery goes back to its queue for a reason that is not its own: its channel was lost, or it had not begun. */
  noteReturn(message: ReceivedMessage): void {
    const key = keyOf(message)
    if (key === undefined) return
    const returns = this.#returns.get(key) ?? 0
    this.#returns.delete(key)
    this.#returns.set(key, returns + 1)
    forgetOldest(this.#returns)
  }

  /** Notes that this process has lost a channel that consumed the queue, and outlived that. */
  noteLoss(nowMs: number): void {
    this.#losses = [...this.#recentLosses(nowMs), nowMs]
  }

  /**
   * How many returns of a delivery are no reason to suspect it: those by this process, or as many channels as this process lost in
   * the last ten minutes, because other processes probably lost theirs at the same time.
   */
  innocentReturnsOf(message: ReceivedMessage, nowMs: number): number {
    const own = this.#returns.get(keyOf(message) ?? '') ?? 0
    return Math.max(own, this.#recentLosses(nowMs).length)
  }

  /** Notes that the work on a delivery is done, although the broker may never read the ack. */
  noteDone(fingerprint: string): void {
    this.#done.add(fingerprint)
    forgetOldest(this.#done)
  }

  /** Whether a delivery that came back has been done by this process. It is told once. */
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
 * The memory of a queue. All workers of a connection share it: what one of them has lost may come back to another one.
 *
 * @param connection - what stands for the connection
 */
export function returnMemoryOf(connection: object, queue: string): ReturnMemory {
  const known = memories.get(connection) ?? new Map<string, ReturnMemory>()
  memories.set(connection, known)
  const memory = known.get(queue) ?? new ReturnMemory()
  known.set(queue, memory)
  return memory
}

/**
 * What is the same for a message and its redelivery, and for no other message.
 *
 * @returns `undefined` for ids that leveret did not make: other programs use one id for several messages
 */
export function fingerprintOf(message: ReceivedMessage): string | undefined {
  const { content, properties } = message
  if (!isOwnMessageId(properties.messageId)) return undefined
  return `${keyOf(message)}\n${properties.timestamp}\n${content.length}\n${crc32(content)}`
}

/** A copy for another attempt, or one that was replayed, is another message, though its id is the same. */
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
