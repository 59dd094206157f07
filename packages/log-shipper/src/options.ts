import type { Exchange } from 'leveret'
import { z } from 'zod'

/** Options of {@link LogShipper}. */
export interface ShipperOptions {
  /**
   * The exchange that lines are published to: the name of a durable topic exchange, or a contract of leveret. The
   * shipper declares it. Required
   */
  readonly exchange: string | Exchange
  /**
   * How many bytes of lines, in UTF-8, may wait for the broker, from 1,024. When more come, the oldest are dropped and
   * counted. @defaultValue 16_777_216
   */
  readonly bufferBytes?: number | undefined
  /** The level from which lines are dropped last, from 0. Levels are those of pino: 50 is error. @defaultValue 50 */
  readonly keepLevel?: number | undefined
  /**
   * How long `close` waits until all lines are stored, in milliseconds, from 0 to 600,000. Then it gives up, and writes
   * the number of lines that were not stored to stderr. @defaultValue 2_000
   */
  readonly closeTimeoutMs?: number | undefined
}

/** Checks {@link ShipperOptions}. */
export const shipperOptions = z.object({
  exchange: z.union([z.string().min(1).max(127), z.custom<Exchange>((value) => Object(value).kind === 'exchange')]),
  bufferBytes: z
    .int()
    .min(1_024)
    .default(16 * 1024 * 1024),
  keepLevel: z.int().min(0).default(50),
  closeTimeoutMs: z.int().min(0).max(600_000).default(2_000),
})

/** Options of a shipper after the check, with all defaults filled in. */
export type ShipperSettings = z.output<typeof shipperOptions>
