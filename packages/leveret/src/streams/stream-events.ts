import type { RoleEvent } from '../consuming/delivery/worker-events.js'
import type { OffsetStoreError } from '../errors/offset-store-error.js'

/** What happens to the reading of a stream. */
export interface StreamEvents {
  /**
   * These offsets, and all between them, were not read, and the stream has them no longer: its retention was quicker than the
   * subscriber. Some may have been the broker's own, and no messages.
   */
  readonly 'stream.truncated': RoleEvent & { readonly from: number; readonly to: number }
  /** The stream ends before this offset, at which reading was to begin: it is another stream of this name. It is read from its first message on. */
  readonly 'stream.restarted': RoleEvent & { readonly offset: number }
  /** The offset store failed, or took longer than 10 s. Reading goes on, and so do tries to save; a process that ends now repeats more. */
  readonly 'offset.not-saved': RoleEvent & { readonly offset: number; readonly error: OffsetStoreError }
}
