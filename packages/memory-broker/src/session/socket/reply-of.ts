import { ReplyError } from '../../broker/rules/reply-error.js'
import { WireError } from '../../wire/bytes.js'
import { FrameError } from '../../wire/frames.js'
import { UnknownMethodError } from '../../wire/method-codec.js'

/** Returns the reply for an error that costs a connection. An unexpected error is the broker's fault. */
export function replyOf(error: unknown): ReplyError {
  if (error instanceof ReplyError) return new ReplyError(error.code, error.message, 'connection')
  if (error instanceof FrameError) return new ReplyError(501, error.message)
  if (error instanceof UnknownMethodError)
    return new ReplyError(503, `unknown method {${error.classId},${error.methodId}}`)
  if (error instanceof WireError) return new ReplyError(502, error.message)
  return new ReplyError(541, String(error))
}
