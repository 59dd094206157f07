import type { Headers } from '../connection/message.js'
import type { Failure } from '../contract/failure.js'
import type { DeadLetterSettings } from '../contract/work-queue.js'
import { disregard } from '../soon.js'
import { bytesOf, MAX_LEVERET_BYTES } from './leveret-headers.js'

const MAX_NAME_BYTES = 256
const MAX_MESSAGE_BYTES = 4 * 1024
/** amqplib writes all headers of a message into 64 KiB; a stack is not to be what does not fit. */
const MAX_HEADER_BYTES = 63 * 1024
/** A stack cut to less than this says nothing. */
const MIN_STACK_BYTES = 64
/** Marks a cut. */
const ELLIPSIS = '…'

const NOTHING: Failure = { name: 'RedactionFailed', message: "the contract's deadLetter.redact failed" }

/**
 * What is kept of an error: its name and message, and as much of its stack as fits, where the contract wants it.
 *
 * @param beside - all other headers of the message; with them, leveret's own stay within 16 KiB
 */
export function failureHeaders(
  failure: Failure,
  { stack: keepsStack, redact }: DeadLetterSettings,
  beside: Headers,
): Headers {
  const { name, message, stack } = redact === undefined ? failure : redacted(failure, redact)
  const headers = {
    'leveret-error-name': cut(name, MAX_NAME_BYTES),
    'leveret-error-message': cut(message, MAX_MESSAGE_BYTES),
  }
  if (!keepsStack || stack === undefined) return headers
  const room = roomFor('leveret-error-stack', { ...beside, ...headers })
  return room < MIN_STACK_BYTES ? headers : { ...headers, 'leveret-error-stack': cut(stack, room) }
}

/** Cuts to so many bytes of UTF-8, the mark of the cut among them, and never inside a character. */
export function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes - Buffer.byteLength(ELLIPSIS)
  // Bytes that continue a character begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return `${bytes.subarray(0, end)}${ELLIPSIS}`
}

function roomFor(name: string, headers: Headers): number {
  const ours = Object.fromEntries(Object.entries(headers).filter(([other]) => other.startsWith('leveret-')))
  const room = Math.min(MAX_LEVERET_BYTES - bytesOf(ours), MAX_HEADER_BYTES - bytesOf(headers))
  return room - bytesOf({ [name]: '' })
}

/** The function is the user's: what it throws or returns must not lose the dead letter, nor tell what it was to hide. */
function redacted(failure: Failure, redact: (failure: Failure) => Failure): Failure {
  try {
    // A copy that can be spread.
    const whole = failure.stack === undefined ? failure : { ...failure, stack: failure.stack }
    const kept: { name: unknown; message: unknown; stack?: unknown } = redact(whole)
    disregard(kept)
    const { name, message, stack } = kept
    if (typeof name !== 'string' || typeof message !== 'string') return NOTHING
    return typeof stack === 'string' ? { name, message, stack } : { name, message }
  } catch {
    return NOTHING
  }
}
