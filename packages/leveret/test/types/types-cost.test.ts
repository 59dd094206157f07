import { expect, test } from 'vitest'
import { compile } from '../support/compile.js'

const TEMPLATES = 60
const PUBLISHES = 20
const BINDING_KEYS = 10
/** Twice what was measured with TypeScript 7.0.2. It is a count, the same on each machine. */
const MOST_INSTANTIATIONS = 290_000
/** The same for the contract: whether templates overlap, and whether JSON carries the payloads. */
const MOST_FOR_CONTRACT = 120_000

/** Names of one exchange's life: `area-3.created`, `area-4.*.moved`, `area-5.#`. */
const templates = Array.from({ length: TEMPLATES }, (_, n) => `area-${n}${['.created', '.*.moved', '.#'][n % 3]}`)
const keyOf = (template: string): string => template.replace('*', 'eu').replace('#', 'a.b')

const schemasOf = (names: readonly string[]): string =>
  names.map((template, n) => `  '${template}': z.object({ n${n}: z.int() }),`).join('\n')

const contract = `
import { type Connection, type EventOf, Publisher, topicExchange } from 'leveret'
import { z } from 'zod'
declare const rabbit: Connection
export const shop = topicExchange('shop', {
${schemasOf(templates)}
})
export const publisher = new Publisher(rabbit, shop)
export type All = EventOf<typeof shop>
`

const publishes = templates
  .slice(0, PUBLISHES)
  .map((template, n) => `await publisher.publish('${keyOf(template)}', { n${n}: 1 })\n`)

const handlers = templates
  .slice(0, BINDING_KEYS)
  .map((_, n) => `export const h${n} = ({ template }: EventOf<typeof shop, '#.x${n}' | 'area-${n}.#'>) => template\n`)

/** How many types the compiler makes of others for this program, which must have no errors. */
async function instantiationsOf(program: string): Promise<number> {
  // With several checkers, each counts what it shares with the others.
  const { isValid, printed } = await compile(program, '--extendedDiagnostics', '--singleThreaded')
  expect(isValid ? '' : printed).toBe('')
  return Number(/^Instantiations:\s+(\d+)$/m.exec(printed)?.[1])
}

test(`${PUBLISHES} publishes and ${BINDING_KEYS} binding keys of ${TEMPLATES} templates cost the compiler a bounded number of types`, async () => {
  const before = await instantiationsOf(contract)
  const after = await instantiationsOf([contract, ...publishes, ...handlers].join(''))
  expect(before).toBeGreaterThan(0)
  expect(after - before).toBeGreaterThan(TEMPLATES * (PUBLISHES + BINDING_KEYS))
  expect(after - before).toBeLessThan(MOST_INSTANTIATIONS)
})

test.for([
  ['whose first words differ', ''],
  ['whose fourth words differ', 'shop.order.item.'],
])(
  `the contract of ${TEMPLATES} templates %s costs the compiler a bounded number of types`,
  async ([_which, before]) => {
    const names = templates.map((template) => `${before}${template}`)
    const program = `
    import { topicExchange } from 'leveret'
    import { z } from 'zod'
    export const shop = topicExchange('shop', {
      ${schemasOf(names)}
    })
  `
    expect(await instantiationsOf(program)).toBeLessThan(MOST_FOR_CONTRACT)
  },
)
