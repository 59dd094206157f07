import { writeReports } from './api/reports.js'

const changed = await writeReports()
process.stdout.write(changed.length === 0 ? 'nothing has changed\n' : `changed: ${changed.join(', ')}\n`)
