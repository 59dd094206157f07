import type { RoleEvent } from '../consuming/delivery/worker-events.js'
import type { OffsetStoreError } from '../errors/offset-store-error.js'

/** The events of reading a stream, by name. */
export interface StreamEvents {
  /**
   * The offsets `from` to `to` were not read, and the stream no longer has them: its retention was faster than the
   * subscriber. Some of them may have been the broker's own entries, and no messages.
   */
  readonly 'stream.truncated': RoleEvent & { readonly from: number; readonly to: number }
  /**
   * The stream ends before the offset at which reading was to begin, so it is a new stream with the same name. It is
   * read from its first message on.
   */
  readonly 'stream.restarted': RoleEvent & { readonly offset: number }
  /**
   * The offset store failed, or took longer than 10 s. Reading continues, and saving is tried again. If the process
   * ends now, more messages are repeated.
   */
  readonly 'offset.not-saved': RoleEvent & { readonly offset: number; readonly error: OffsetStoreError }
}
