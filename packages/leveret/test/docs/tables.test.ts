import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LanguageService } from '../support/language-service.js'
import { documents, repository, textOf } from './documents.js'
import { eventRows, optionRows } from './rows.js'

/**
 * A table that is made of the doc comments of an interface. Those of options are held equal to the schemas by options-schemas.test.ts.
 *
 * `<!-- options of WorkerOptions but batch -->` leaves `batch` out; `<!-- events of A but B -->` leaves out what B has too.
 */
const TABLE = /<!-- (options|events) of (\w+)(?: but (.+?))? -->\n.*?<!-- end of \1 -->/gs

const pages = documents().filter((document) => document.startsWith('docs/') && textOf(document).match(TABLE) !== null)

describe('tables of options and events', () => {
  test('are on the pages of the roles and of the contracts', () => {
    expect(pages.length).toBeGreaterThan(6)
  })

  // To write them again after a doc comment has changed: vitest run packages/leveret/test/docs/tables.test.ts -u
  test('are what the doc comments say', async () => {
    const service = await LanguageService.of("import * as library from 'leveret'\nexport { library }\n")
    for (const page of pages) await expect(renewed(textOf(page), service)).toMatchFileSnapshot(join(repository, page))
  })
})

/** The text of a page with its tables made from what the doc comments say now. */
function renewed(text: string, service: LanguageService): string {
  return text.replaceAll(TABLE, (_table, what: string, name: string, but: string | undefined) => {
    const rows = what === 'options' ? optionRows(service, name, but) : eventRows(service, name, but)
    const mark = `<!-- ${what} of ${name}${but === undefined ? '' : ` but ${but}`} -->`
    return [mark, ...rows, `<!-- end of ${what} -->`].join('\n')
  })
}
