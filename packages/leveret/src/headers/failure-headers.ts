import { disregard } from '../async/maybe-promise.js'
import type { DeadLetterSettings } from '../contract/queues/dead-letter-options.js'
import type { Failure } from '../errors/failure.js'
import type { Headers } from '../message/message.js'
import { tableBytes } from '../message/property-bytes.js'
import { bytesOf, isLeveretHeader, MAX_LEVERET_BYTES } from './leveret-headers.js'

const MAX_NAME_BYTES = 256
const MAX_MESSAGE_BYTES = 4 * 1024
/** amqplib writes all headers of a message into 64 KiB. A stack must not be what makes them exceed it. */
const MAX_HEADER_BYTES = 63 * 1024
/** A stack cut to fewer bytes says nothing useful, so it is left out. */
const MIN_STACK_BYTES = 64
/** Headers of other programs are left out before the error's message is cut to fewer bytes than this. */
const MIN_MESSAGE_BYTES = 256
const MAX_LEFT_OUT_BYTES = 255
/** The mark at the end of a text that was cut. */
const ELLIPSIS = '…'

const LEFT_OUT = 'leveret-left-out'
const NOTHING: Failure = { name: 'RedactionFailed', message: "the contract's deadLetter.redact failed" }

/** The parts of an error that the contract allows to be kept. */
export function keptFailure(
  failure: Failure,
  { stack: keepsStack, redact }: Pick<DeadLetterSettings, 'stack' | 'redact'>,
): Failure {
  const { name, message, stack } = redact === undefined ? failure : redacted(failure, redact)
  return !keepsStack || stack === undefined ? { name, message } : { name, message, stack }
}

/**
 * The headers of an error: its name, its message, and as much of its stack as fits.
 *
 * @param beside - all other headers of the message. Together with them, leveret's own stay within 16 KiB
 * @param maxBytes - the limit for all headers together
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
 * All headers of a dead letter, within a limit. First the stack is cut, then the error's message. Then the largest
 * headers of other programs are left out, and `leveret-left-out` names them.
 *
 * @param headers - all but those of the failure
 * @param maxBytes - the limit for all headers together. If leveret's own headers exceed it, so does the result
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
  // The message may have been given up before, and have lost headers then.
  const before = headers[LEFT_OUT] === undefined ? [] : [String(headers[LEFT_OUT])]
  return { ...Object.fromEntries(kept), [LEFT_OUT]: cut([...before, ...largest].join(', '), MAX_LEFT_OUT_BYTES) }
}

/** Cuts a text to so many bytes of UTF-8, the ellipsis included, and never inside a character. */
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

/**
 * Calls the user's `redact`. If it throws or returns something else, the dead letter is still stored, and shows nothing
 * of the error that was to be hidden.
 */
function redacted(failure: Failure, redact: (failure: Failure) => Failure): Failure {
  try {
    // A plain copy, so that `redact` can use the spread syntax.
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
