import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LanguageService } from '../support/language-service.js'
import { documents, repository, textOf } from './documents.js'
import { eventRows, optionRows } from './rows.js'

/**
 * A table that is made of the doc comments of an interface. Those of options are held equal to the schemas by options-schemas.test.ts.
 *
 * `<!-- options of WorkerOptions but batch -->` leaves `batch` out; `<!-- events of A but B -->` leaves out what B has too.
 * `<!-- options of PinoTransportOptions from @leveret/pino -->` is of an interface that another package exports.
 */
const TABLE = /<!-- (options|events) of (\w+)(?: from (@leveret\/[\w-]+))?(?: but (.+?))? -->\n.*?<!-- end of \1 -->/gs

const pages = documents().filter(
  (document) => /^(docs|packages)\//.test(document) && textOf(document).match(TABLE) !== null,
)

describe('tables of options and events', () => {
  test('are on the pages of the roles and of the contracts, and in each package that is configured', () => {
    expect(pages.length).toBeGreaterThan(6)
    const packages = ['opentelemetry', 'pino', 'winston', 'management', 'memory-broker', 'testing']
    expect(pages).toEqual(expect.arrayContaining(packages.map((name) => `packages/${name}/README.md`)))
  })

  // To write them again after a doc comment has changed: vitest run packages/leveret/test/docs/tables.test.ts -u
  test('are what the doc comments say', { timeout: 60_000 }, async () => {
    const services = await servicesFor(pages.map(textOf))
    for (const page of pages) await expect(renewed(textOf(page), services)).toMatchFileSnapshot(join(repository, page))
  })
})

/** A language service for each package that a table is of. */
async function servicesFor(texts: readonly string[]): Promise<ReadonlyMap<string, LanguageService>> {
  const names = texts.flatMap((text) => [...text.matchAll(TABLE)].map(([, , , from]) => from ?? 'leveret'))
  const services = new Map<string, LanguageService>()
  for (const name of new Set(names)) {
    services.set(name, await LanguageService.of(`import * as library from '${name}'\nexport { library }\n`))
  }
  return services
}

/** The text of a page with its tables made from what the doc comments say now. */
function renewed(text: string, services: ReadonlyMap<string, LanguageService>): string {
  return text.replaceAll(
    TABLE,
    (_table, what: string, name: string, from: string | undefined, but: string | undefined) => {
      const service = services.get(from ?? 'leveret')
      if (service === undefined) throw new Error(`there is no language service of ${from}`)
      const rows = what === 'options' ? optionRows(service, name, but) : eventRows(service, name, but)
      const source = from === undefined ? '' : ` from ${from}`
      const mark = `<!-- ${what} of ${name}${source}${but === undefined ? '' : ` but ${but}`} -->`
      return [mark, ...rows, `<!-- end of ${what} -->`].join('\n')
    },
  )
}
