import { disregard } from '../async/maybe-promise.js'
import type { DeadLetterSettings } from '../contract/queues/dead-letter-options.js'
import type { Failure } from '../errors/failure.js'
import type { Headers } from '../message/message.js'
import { tableBytes } from '../message/property-bytes.js'
import { bytesOf, isLeveretHeader, MAX_LEVERET_BYTES } from './leveret-headers.js'

const MAX_NAME_BYTES = 256
const MAX_MESSAGE_BYTES = 4 * 1024
/** amqplib writes all headers of a message into 64 KiB; a stack is not to be what does not fit. */
const MAX_HEADER_BYTES = 63 * 1024
/** A stack cut to less than this says nothing. */
const MIN_STACK_BYTES = 64
/** Headers of the message are left out before an error's text is cut to less than this. */
const MIN_MESSAGE_BYTES = 256
const MAX_LEFT_OUT_BYTES = 255
/** Marks a cut. */
const ELLIPSIS = '…'

const LEFT_OUT = 'leveret-left-out'
const NOTHING: Failure = { name: 'RedactionFailed', message: "the contract's deadLetter.redact failed" }

/** What the contract lets be kept of an error. */
export function keptFailure(
  failure: Failure,
  { stack: keepsStack, redact }: Pick<DeadLetterSettings, 'stack' | 'redact'>,
): Failure {
  const { name, message, stack } = redact === undefined ? failure : redacted(failure, redact)
  return !keepsStack || stack === undefined ? { name, message } : { name, message, stack }
}

/**
 * What is kept of an error: its name and message, and as much of its stack as fits.
 *
 * @param beside - all other headers of the message; with them, leveret's own stay within 16 KiB
 * @param maxBytes - of all headers together
 */
export function failureHeaders(
  { name, message, stack }: Failure,
  beside: Headers,
  maxBytes = MAX_HEADER_BYTES,
): Headers {
  const named = { ...beside, 'leveret-error-name': cut(name, MAX_NAME_BYTES) }
  const messageRoom = Math.max(roomFor('leveret-error-message', named, maxBytes), 0)
  const headers = {
    'leveret-error-name': named['leveret-error-name'],
    'leveret-error-message': cut(message, Math.min(MAX_MESSAGE_BYTES, messageRoom)),
  }
  if (stack === undefined) return headers
  const room = roomFor('leveret-error-stack', { ...beside, ...headers }, maxBytes)
  return room < MIN_STACK_BYTES ? headers : { ...headers, 'leveret-error-stack': cut(stack, room) }
}

/**
 * All headers of a dead letter, where there is little room: the stack is cut first, then the error's text, and then the largest
 * headers that are not leveret's are left out, and named in `leveret-left-out`.
 *
 * @param headers - all but those of the failure
 * @param maxBytes - of all headers together. When leveret's own take more, so does what is returned
 */
export function headersWithin(maxBytes: number, headers: Headers, failure: Failure): Headers {
  const least: Failure = { name: failure.name, message: cut(failure.message, MIN_MESSAGE_BYTES) }
  const foreign = Object.keys(headers).filter((name) => !isLeveretHeader(name))
  const bySize = foreign.sort((a, b) => tableBytes({ [b]: headers[b] }) - tableBytes({ [a]: headers[a] }))
  for (let count = 0; ; count += 1) {
    const kept = withoutLargest(headers, bySize.slice(0, count))
    const fits = tableBytes({ ...kept, ...failureHeaders(least, kept) }) <= maxBytes
    if (fits || count === bySize.length) return { ...kept, ...failureHeaders(failure, kept, maxBytes) }
  }
}

function withoutLargest(headers: Headers, largest: readonly string[]): Headers {
  if (largest.length === 0) return headers
  const kept = Object.entries(headers).filter(([name]) => !largest.includes(name))
  // It may have been given up, and have lost others, before.
  const before = headers[LEFT_OUT] === undefined ? [] : [String(headers[LEFT_OUT])]
  return { ...Object.fromEntries(kept), [LEFT_OUT]: cut([...before, ...largest].join(', '), MAX_LEFT_OUT_BYTES) }
}

/** Cuts to so many bytes of UTF-8, the mark of the cut among them, and never inside a character. */
export function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = Math.max(maxBytes - Buffer.byteLength(ELLIPSIS), 0)
  // Bytes that continue a character begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return `${bytes.subarray(0, end)}${ELLIPSIS}`
}

function roomFor(name: string, headers: Headers, maxBytes: number): number {
  const ours = Object.fromEntries(Object.entries(headers).filter(([other]) => other.startsWith('leveret-')))
  const room = Math.min(MAX_LEVERET_BYTES - bytesOf(ours), maxBytes - tableBytes(headers))
  return room - tableBytes({ [name]: '' }) + tableBytes({})
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
