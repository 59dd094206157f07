import { z } from 'zod'
import { MAX_TIMER_MS } from '../options.js'

/** Options of every `close`. */
export const closeOptions = z.strictObject({
  /** How long to wait for what is in hand. @defaultValue 25_000, because Kubernetes kills after 30 s */
  timeoutMs: z.int().min(0).max(MAX_TIMER_MS).default(25_000),
})

/** Options of every `close`. */
export type CloseOptions = z.input<typeof closeOptions>
