import { z } from 'zod'
import type { MessageProperties } from '../connection/message.js'
import { newMessageId } from '../message-id.js'
import { MAX_TIMER_MS } from '../options.js'

/** RabbitMQ's limit for names, keys and short strings. */
const shortString = z.string().refine((text) => Buffer.byteLength(text) <= 255, 'at most 255 bytes of UTF-8')

function isReserved(header: string): boolean {
  return /^(leveret-|x-)/i.test(header)
}

/** What a sender may say of one message. */
export const messageOptions = z.strictObject({
  /** The same on every copy of the message; receivers tell duplicates by it. @defaultValue a new UUIDv7 */
  messageId: shortString.min(1).optional(),
  correlationId: shortString.optional(),
  /** For the receiver. Names that begin with `leveret-` or `x-` are refused: leveret and the broker act on them. */
  headers: z
    .record(z.string(), z.unknown())
    .refine(
      (headers) => !Object.keys(headers).some(isReserved),
      "names that begin with 'leveret-' or 'x-' are reserved",
    )
    .optional(),
  /** 0 to 255; counts on a classic queue with `maxPriority`, and on quorum queues as normal (≤ 4) or high. */
  priority: z.int().min(0).max(255).optional(),
  /** The broker drops or dead-letters it when it has waited this long. */
  expirationMs: z.int().min(0).max(MAX_TIMER_MS).optional(),
  /** How long this publish may take. @defaultValue the connection's `publishTimeoutMs` */
  timeoutMs: z.int().min(1).max(MAX_TIMER_MS).optional(),
  /** Gives the publish up: `not-sent` before it was handed over, `unknown` afterwards. */
  signal: z.instanceof(AbortSignal).optional(),
})

/** What a sender may say of one message. */
export type MessageOptions = z.input<typeof messageOptions>

/** The properties every message of ours carries. */
export function composeProperties(
  contentType: string,
  contract: string | undefined,
  { messageId, correlationId, headers, priority, expirationMs }: MessageOptions,
): MessageProperties & { readonly messageId: string } {
  return {
    contentType,
    deliveryMode: 2,
    messageId: messageId ?? newMessageId(),
    timestamp: Math.floor(Date.now() / 1_000),
    headers: contract === undefined ? headers : { ...headers, 'leveret-contract': contract },
    correlationId,
    priority,
    expiration: expirationMs === undefined ? undefined : String(expirationMs),
  }
}
