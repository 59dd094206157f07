import { counting } from './cases/counting.js'
import { deadLetters } from './cases/dead-letters.js'
import { declarations } from './cases/declarations.js'
import { delivering } from './cases/delivering.js'
import { exchanges } from './cases/exchanges.js'
import { failedDeliveries } from './cases/failed-deliveries.js'
import { limits } from './cases/limits.js'
import { protocol } from './cases/protocol.js'
import { publishing } from './cases/publishing.js'
import { queues } from './cases/queues.js'
import { routing } from './cases/routing.js'
import { settling } from './cases/settling.js'
import { streams } from './cases/streams.js'
import type { ConformanceCase } from './conformance-case.js'
import { Lab, type LabOptions } from './lab.js'

export type { ArgumentKinds, Arguments, Frame, Method, Writable } from '@leveret/memory-broker/wire'
export { type ConformanceCase, type Expectation, expectedOf } from './conformance-case.js'
export { compare, type Disagreement, type Seats } from './fuzz/compare.js'
export { type Program, programOf, type Step } from './fuzz/program.js'
export { Random } from './fuzz/random.js'
export { type Pace, runProgram } from './fuzz/run-program.js'
export { Seat, type SeatOptions } from './fuzz/seat.js'
export { type ConsumeOptions, Lab, type LabOptions, type Seen, type Table } from './lab.js'
export { type ChannelPort, ClosedError, RawChannel, type RawMessage } from './raw-channel.js'
export { RawConnection, type RawOptions } from './raw-connection.js'
export { conformancePage } from './table.js'

/** All known behaviour of RabbitMQ, as programs that check whether a broker behaves so. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...protocol,
  ...publishing,
  ...declarations,
  ...queues,
  ...exchanges,
  ...routing,
  ...delivering,
  ...settling,
  ...limits,
  ...deadLetters,
  ...counting,
  ...failedDeliveries,
  ...streams,
]

/**
 * Runs a case against a broker.
 *
 * @param options.url - URL of a vhost for this case alone: the case declares what it needs, and deletes nothing
 * @returns what was observed, to be compared with {@link expectedOf}
 */
export async function runCase(conformanceCase: ConformanceCase, options: LabOptions): Promise<unknown> {
  const lab = new Lab(options)
  try {
    return await conformanceCase.run(lab)
  } finally {
    await lab.end()
  }
}
