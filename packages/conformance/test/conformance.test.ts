import { isDeepStrictEqual } from 'node:util'
import { conformanceCases, expectedOf, runCase } from '@leveret/conformance'
import { startMemoryBroker, type Version } from '@leveret/memory-broker'
import type { Management } from '@leveret/testing'
import { test as brokerTest } from '@leveret/testing/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const AT_ONCE = 4
const VERSIONS: readonly Version[] = ['3.10', '4.0', '4.3']

for (const version of VERSIONS) {
  describe.concurrent(`the broker in memory is like RabbitMQ ${version}:`, () => {
    const started = startMemoryBroker({ like: version })
    beforeAll(() => started)
    afterAll(async () => (await started).close())

    test.for(conformanceCases.map((one, index) => ({ one, index, name: `${one.area}: ${one.name}` })))(
      '$name',
      async ({ one, index }, { expect }) => {
        const url = (await started).vhost(`case-${index}`)
        expect(await runCase(one, { url, version })).toEqual(expectedOf(one, version))
      },
    )
  })
}

describe('the RabbitMQ of this run is as the cases say:', () => {
  brokerTest('every case', { timeout: 300_000 }, async ({ broker, skip }) => {
    const version = VERSIONS.find((known) => broker.version.startsWith(`${known}.`))
    if (version === undefined) skip(`there are no expectations of RabbitMQ ${broker.version}`)
    else expect(await differences(broker.management, broker.url, version)).toEqual([])
  })
})

/** What a broker does that the cases do not expect of it. Several cases run at once: a real broker takes its time. */
async function differences(management: Management, url: string, version: Version): Promise<unknown[]> {
  const found: unknown[] = []
  const left = [...conformanceCases.entries()]
  const runSome = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, one] = next
      const vhost = `conformance-${process.pid}-${index}`
      await management.createVhost(vhost)
      const seen = await runCase(one, { url: `${url}/${vhost}`, version }).catch(String)
      await management.deleteVhost(vhost)
      const expected = expectedOf(one, version)
      if (!isDeepStrictEqual(plain(seen), plain(expected))) found.push({ name: one.name, seen, expected })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, runSome))
  return found
}

/** Without what JSON does not know, such as properties that are undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null))
}
