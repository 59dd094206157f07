import { compare, type Disagreement, Seat } from '@leveret/conformance'
import { startMemoryBroker, type Version } from '@leveret/memory-broker'
import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'

const VERSIONS: readonly Version[] = ['3.10', '4.0', '4.3']
/** The same programs each time, so that a red run is about what has changed. `LEVERET_SEED` makes others. */
const SEED = Number(process.env.LEVERET_SEED ?? 20_261_126)
/** A run on CI asks for 500, a nightly one for thousands. */
const PROGRAMS = Number(process.env.LEVERET_FUZZ_PROGRAMS ?? 15)
/** A program spends nearly all of its time waiting. */
const AT_ONCE = 24
const REAL_SETTLE_MS = 12
/** What expires in a program does so in a millisecond, and must have done so before the next step. */
const MEMORY_SETTLE_MS = 5

test(`${PROGRAMS} random programs do the same in memory as on RabbitMQ (LEVERET_SEED=${SEED})`, {
  timeout: 60_000 + PROGRAMS * 1_000,
}, async ({ broker, skip }) => {
  const like = VERSIONS.find((known) => broker.version.startsWith(`${known}.`))
  if (broker.driver === 'memory' || like === undefined) return skip('needs a real RabbitMQ 3.10, 4.0 or 4.3')
  await using memory = await startMemoryBroker({ like, logLimit: 0 })
  const left = Array.from({ length: PROGRAMS }, (_, index) => SEED + index)
  const found: Disagreement[] = []
  const runSome = async (name: string): Promise<void> => {
    await broker.management.createVhost(name)
    const real = new Seat({ url: `${broker.url}/${name}`, version: like, settleMs: REAL_SETTLE_MS })
    const other = new Seat({ url: memory.vhost(name), version: like, settleMs: MEMORY_SETTLE_MS })
    try {
      for (let seed = left.shift(); seed !== undefined && found.length === 0; seed = left.shift()) {
        const disagreement = await compare(seed, [real, other])
        if (disagreement !== undefined) found.push(disagreement)
      }
    } finally {
      await Promise.all([real.close(), other.close()])
      await broker.management.deleteVhost(name)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => runSome(`fuzz-${process.pid}-${place}`)))
  expect(found).toEqual([])
})
