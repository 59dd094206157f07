import { readFile, writeFile } from 'node:fs/promises'
import { writeReports } from './api/reports.js'
import { page, withTable } from './package-matrix/page.js'

const changed = await writeReports()
process.stdout.write(changed.length === 0 ? 'nothing has changed in etc/\n' : `changed: ${changed.join(', ')}\n`)
await writeFile(page, withTable(await readFile(page, 'utf8')))
