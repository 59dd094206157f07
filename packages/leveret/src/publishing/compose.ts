import { z } from 'zod'
import type { Headers, MessageProperties } from '../connection/message.js'
import { tableProblem } from '../connection/table.js'
import { newMessageId } from '../message-id.js'
import { MAX_TIMER_MS } from '../options.js'
import { namesProblem, shortString } from '../short-string.js'

/** Headers of a user's own. Names that begin with `leveret-` or `x-` are refused: leveret and the broker act on them. */
export const userHeaders = z.record(z.string(), z.unknown()).superRefine(checkHeaders)

function checkHeaders(headers: Headers, context: z.RefinementCtx): void {
  const reserved = Object.keys(headers).find((name) => /^(leveret-|x-)/i.test(name))
  const problem =
    reserved === undefined
      ? (tableProblem(headers) ?? namesProblem(headers))
      : `${reserved}: names that begin with 'leveret-' or 'x-' are reserved`
  if (problem !== undefined) context.addIssue(problem)
}

/** What a sender may say of one message. */
export const messageOptions = z.strictObject({
  /** The same on every copy of the message; receivers tell duplicates by it. @defaultValue a new UUIDv7 */
  messageId: shortString('a message id').min(1).optional(),
  correlationId: shortString('a correlation id').optional(),
  /** For the receiver. Names that begin with `leveret-` or `x-` are refused: leveret and the broker act on them. */
  headers: userHeaders.optional(),
  /** 0 to 255; counts on a classic queue with `maxPriority`, and on quorum queues as normal (≤ 4) or high. */
  priority: z.int().min(0).max(255).optional(),
  /** The broker drops or dead-letters it when it has waited this long. */
  expirationMs: z.int().min(0).max(MAX_TIMER_MS).optional(),
  /** Rejects as `not-sent` instead of waiting for a connection, an alarm to end, or room among the unconfirmed. */
  failFast: z.boolean().optional(),
  /** How long this publish may take. @defaultValue the connection's `publishTimeoutMs` */
  timeoutMs: z.int().min(1).max(MAX_TIMER_MS).optional(),
  /** Gives the publish up: `not-sent` before it was handed over, `unknown` afterwards. */
  signal: z.instanceof(AbortSignal).optional(),
})

/** What a sender says of one message, checked. */
export type MessageOptions = z.output<typeof messageOptions>

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
