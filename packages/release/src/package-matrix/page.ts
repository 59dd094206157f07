import { join } from 'node:path'
import { repository } from '../published.js'
import { markdown } from '../table.js'
import { cases } from './cases.js'

/** The page that documents the settings of each kind of project. */
export const page: string = join(repository, 'docs/commonjs-and-bundlers.md')

const MARK = '<!-- The table is written by `npm run api`. -->'

/** Replaces the table of the page by that of the cases. @throws `Error` if the page lacks the mark before its table */
export function withTable(text: string): string {
  const [before, after] = text.split(MARK)
  if (before === undefined || after === undefined) throw new Error(`${page} has not the line ${MARK}`)
  const rest = after.replace(/^\n\n\|[\s\S]*?\n\n/, '\n\n').trimStart()
  return `${before}${MARK}\n\n${table()}\n\n${rest}`
}

function table(): string {
  const rows = cases.map(({ name, settings, isRefused }) => [name, settings, isRefused ? 'does not work' : 'works'])
  return markdown(['what you have', 'settings', ''], rows)
}
