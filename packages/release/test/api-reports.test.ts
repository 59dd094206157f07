import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HIDDEN } from '../src/api/hidden.js'
import { pathOf, readReports } from '../src/api/reports.js'
import { repository } from '../src/published.js'

const reports = await readReports()

describe.for(reports)('$entry.name', ({ entry, text, forgotten }) => {
  test('can be used as etc/ says: `npm run api` renews the report, and its diff is what users see', async () => {
    const kept = await readFile(pathOf(entry), 'utf8').catch(() => '')
    expect(text, `etc/${entry.report} is stale: run \`npm run api\`, and review its diff`).toBe(kept)
  })

  test('exports each type that its public types are made of', () => {
    expect(forgotten, 'export these, or list them in packages/release/src/api/hidden.ts').toEqual(
      [...(HIDDEN[entry.report] ?? [])].sort(),
    )
  })
})

test('etc/ holds the report of each entry point, and no other', async () => {
  const files = await readdir(join(repository, 'etc'))
  expect(files.sort()).toEqual(reports.map(({ entry }) => entry.report).sort())
})
