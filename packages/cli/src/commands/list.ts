import { setTimeout as delay } from 'node:timers/promises'
import { Argument } from 'commander'
import { KINDS, type Listed, listOf } from '../broker/lists.js'
import { acts, command, type Runner, withBroker, withJson } from '../program/command.js'
import type { CommonOptions, Context } from '../program/context.js'
import { EXIT, type ExitCode, UsageError } from '../program/exit.js'
import { list, positiveNumber } from '../program/parse.js'
import { jsonLine, jsonText } from '../terminal/json.js'
import { type Cell, printTable } from '../terminal/table.js'

interface ListOptions extends CommonOptions {
  readonly columns?: readonly string[]
  readonly name?: string
  readonly watch?: number
}

/** `leveret list …`: these commands never read a message. */
export function listCommand(runner: Runner) {
  const made = command(
    'list',
    'Lists queues, exchanges, bindings, connections, channels or consumers. It reads the management API, whose counts may be some seconds old, and never a message.',
    [
      'leveret list queues',
      'leveret list queues --columns name,messages,consumers --name thumbnails',
      'leveret list connections --json',
    ],
  )
  made.addArgument(new Argument('<kind>', 'what to list').choices(Object.keys(KINDS)))
  made.option('--columns <names>', 'show only these columns, separated by commas', list)
  made.option('--name <text>', 'show only rows with this text in the name')
  made.option('--watch <seconds>', 'repeat every so many seconds, until Ctrl-C', positiveNumber)
  return acts(withJson(withBroker(made)), runner, listAll)
}

async function listAll(context: Context, options: ListOptions, kind: keyof typeof KINDS): Promise<ExitCode> {
  await using session = await context.session(options)
  const { columns: known } = KINDS[kind]
  const columns = options.columns ?? known
  const unknown = columns.find((column) => !known.includes(column))
  if (unknown !== undefined)
    throw new UsageError(`There is no column '${unknown}'. The columns are ${known.join(', ')}.`)
  const look = async (): Promise<readonly Listed[]> => {
    const rows = await listOf(kind, session.management, session.vhost)
    return rows.filter(({ name }) => options.name === undefined || String(name).includes(options.name))
  }
  if (options.watch === undefined) {
    const rows = await look()
    await show(context, options, columns, rows)
    if (rows.length === 0)
      session.announce(`no ${kind}${options.name === undefined ? '' : ` with '${options.name}' in the name`}`)
  }
  while (options.watch !== undefined && !context.signal.aborted) {
    const rows = await look()
    if (context.terminal.isTTY) await context.terminal.print('\u001b[2J\u001b[H')
    await show(context, options, columns, rows)
    await delay(options.watch * 1_000, undefined, { signal: context.signal })
  }
  return EXIT.done
}

async function show(
  { terminal }: Context,
  { json, watch }: ListOptions,
  columns: readonly string[],
  rows: readonly Listed[],
): Promise<void> {
  const picked = rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null])))
  if (json) await terminal.print(watch === undefined ? jsonText(picked) : jsonLine(picked))
  else await printTable(terminal, { columns, rows: rows.map((row) => columns.map((column) => row[column] as Cell)) })
}
