import { startFaultProxy } from '@leveret/testing'
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import { Random } from '../support/random.js'
import { hasNativeRetry, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'
import { programOf } from './random-workers/program.js'
import { type Place, perform, type Run, watchChannels } from './random-workers/run.js'
import { evidenceOf, tableOf } from './random-workers/table.js'

/** A short run in every suite; `LEVERET_RANDOM_RUNS=200` is the long one, `LEVERET_RANDOM_SEED` makes its first program again. */
const RUNS = Number(process.env.LEVERET_RANDOM_RUNS ?? 4)
const SEED = Number(process.env.LEVERET_RANDOM_SEED ?? Date.now() % 1_000_000)
/** So many go on at once: they mostly wait. */
const AT_ONCE = 4
/** A broker that is restarted is not shared, and takes its time. */
const RESTARTS = Math.ceil(RUNS / 20)
const LONGEST_RUN_MS = 150_000

forbidSurprises()
const warnings: Error[] = []
const warned = (warning: Error): void => void warnings.push(warning)
beforeAll(() => void process.on('warning', warned))
afterAll(() => void process.off('warning', warned))
afterEach(() => {
  vi.restoreAllMocks()
  expect(warnings.splice(0)).toEqual([])
})

type Where = Pick<Place, 'broker' | 'vhost'>

/** Makes the programs of seeds in a row, and performs them. */
async function performAll(first: number, count: number, where: Where, isOurs: boolean): Promise<Run[]> {
  const channelOf = watchChannels()
  const runs: Run[] = []
  const seeds = Array.from({ length: count }, (_, index) => first + index)
  const one = async (seed: number): Promise<void> => {
    const program = programOf(seed, new Random(seed), { hasNativeRetry: hasNativeRetry(where.broker), isOurs })
    await using proxy = await startFaultProxy({ to: where.vhost.url })
    runs.push(await perform(program, { ...where, proxy, queue: `run-${seed}`, channelOf }))
  }
  const lane = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) await one(seed)
  }
  // A broker that is restarted would be restarted under the others.
  await Promise.all(Array.from({ length: isOurs ? 1 : AT_ONCE }, lane))
  return runs
}

function judge(runs: readonly Run[], version: string): void {
  const wrong = runs.filter(({ breaches }) => breaches.length > 0)
  console.log([`random workers on ${version}, from seed ${SEED}:`, tableOf(runs), ...wrong.map(evidenceOf)].join('\n'))
  // One text: what a reporter prints of a list is its length.
  expect(
    wrong.flatMap(({ program, breaches }) => breaches.map((breach) => `seed ${program.seed}: ${breach}`)).join('\n'),
  ).toBe('')
}

test(
  `in ${RUNS} runs of workers at random, every message that was read is accounted for by one event, and none vanishes (seed ${SEED})`,
  async ({ broker, vhost }) => {
    judge(await performAll(SEED, RUNS, { broker, vhost }, false), broker.version)
  },
  RUNS * LONGEST_RUN_MS,
)

test(
  `and so it is in ${RESTARTS} with a broker that is restarted or killed (seed ${SEED})`,
  async ({ ownBroker }) => {
    const vhost = { url: ownBroker.url, queues: () => ownBroker.management.queues('/') }
    judge(await performAll(SEED, RESTARTS, { broker: ownBroker, vhost }, true), ownBroker.version)
  },
  RESTARTS * LONGEST_RUN_MS + 60_000,
)
