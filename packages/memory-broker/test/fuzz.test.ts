import { startMemoryBroker, type Version } from '@leveret/memory-broker'
import { compare, type Side } from '@leveret/memory-broker/conformance'
import type { Management } from '@leveret/testing'
import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'

const VERSIONS: readonly Version[] = ['3.10', '4.0', '4.3']
/** The same programs each time, so that a red run is about what has changed. `LEVERET_SEED` makes others. */
const SEED = Number(process.env.LEVERET_SEED ?? 20_261_126)
/** A nightly run asks for thousands. */
const PROGRAMS = Number(process.env.LEVERET_FUZZ_PROGRAMS ?? 15)
const REAL_SETTLE_MS = 12
/** What expires in a program does so in a millisecond, and must have done so before the next step. */
const MEMORY_SETTLE_MS = 5

/** A real broker as a side: a vhost for each program. */
function realSide(management: Management, url: string): Side {
  let count = 0
  return {
    settleMs: REAL_SETTLE_MS,
    vhost: async () => {
      count += 1
      const name = `fuzz-${process.pid}-${count}`
      await management.createVhost(name)
      return { url: `${url}/${name}`, remove: () => management.deleteVhost(name) }
    },
  }
}

test(`${PROGRAMS} random programs do the same in memory as on RabbitMQ (LEVERET_SEED=${SEED})`, {
  timeout: 60_000 + PROGRAMS * 3_000,
}, async ({ broker, skip }) => {
  const like = VERSIONS.find((known) => broker.version.startsWith(`${known}.`))
  if (broker.driver === 'memory' || like === undefined) skip('needs a real RabbitMQ 3.10, 4.0 or 4.3')
  else {
    await using memory = await startMemoryBroker({ like, logLimit: 0 })
    let count = 0
    const memorySide: Side = {
      settleMs: MEMORY_SETTLE_MS,
      vhost: async () => {
        count += 1
        return { url: memory.vhost(`fuzz-${count}`), remove: async () => undefined }
      },
    }
    const real = realSide(broker.management, broker.url)
    for (let index = 0; index < PROGRAMS; index += 1)
      expect(await compare(SEED + index, [real, memorySide], like)).toBeUndefined()
  }
})
