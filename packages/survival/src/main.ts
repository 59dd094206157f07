import { readFile, writeFile } from 'node:fs/promises'
import { type Effort, type KnownFaults, type Request, readArguments, UsageError } from './arguments.js'
import { campaign } from './campaign.js'
import type { Fault } from './faults/fault.js'
import { clusterFaults, faults } from './faults/faults.js'
import { closingLine, reportOf, verdictLine } from './report.js'
import { isSurvived } from './run.js'
import { soakOf } from './soak.js'
import { describeSetting } from './versions.js'

const all = [...faults, ...clusterFaults]
const soakable = faults.filter(({ atStart }) => atStart !== true)
const namesOf = (some: readonly Fault[]): string[] => some.map(({ name }) => name)
const known: KnownFaults = { single: namesOf(faults), cluster: namesOf(clusterFaults), soak: namesOf(soakable) }

const request = requested()
if (request?.do === 'help') console.log(help())
if (request?.do === 'list') console.log(list())
if (request?.do === 'faults') await survive(all.filter(named(request.names)), request.effort)
if (request?.do === 'soak') {
  const { names, minutes, effort } = request
  console.log(`\nfaults at random for ${minutes} minutes; --seed ${effort.seed} repeats them in the same order\n`)
  const soak = soakOf(soakable.filter(named(names)), effort.seed, minutes, (line) => console.log(line))
  await survive([soak], { ...effort, quick: true })
}

function requested(): Request | undefined {
  try {
    return readArguments(process.argv.slice(2), known, Date.now() % 1_000_000)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`✗ ${error.message}\n\n${help()}`)
    process.exitCode = 1
    return undefined
  }
}

async function survive(chosen: readonly Fault[], effort: Effort): Promise<void> {
  const sinceMs = performance.now()
  const { verdicts, brokers } = await campaign(chosen, effort, (verdict) => console.log(verdictLine(verdict)))
  const setting = {
    versions: await describeSetting(brokers),
    seed: effort.seed,
    command: commandLine(process.argv.slice(2)),
    minutes: (performance.now() - sinceMs) / 60_000,
    defects: await readFile(new URL('../DEFECTS.md', import.meta.url), 'utf8').catch(() => ''),
  }
  await writeFile(effort.report, reportOf(setting, verdicts))
  console.log(`\n${setting.versions}\nThe report is in ${effort.report}.\n\n${closingLine(verdicts)}`)
  if (!verdicts.every(isSurvived)) process.exitCode = 1
}

/** Returns the command line without the path of the report, which says nothing of what was done. */
function commandLine(args: readonly string[]): string {
  const kept = args.filter((arg, index) => !arg.startsWith('--report') && args[index - 1] !== '--report')
  return ['npm run survival', ...(kept.length === 0 ? [] : ['--', ...kept])].join(' ')
}

function named(names: readonly string[]): (fault: Fault) => boolean {
  return ({ name }) => names.includes(name)
}

function list(): string {
  return all.map(({ name, summary }) => `${name.padEnd(18)}${summary}`).join('\n')
}

function help(): string {
  return `npm run survival -- [fault …] [option …]

Does each of the faults to a client of RabbitMQ under load, by default all of them, and checks what became of every message.

options:
  --list         the faults
  --quick        each one short
  --cluster      those to three nodes
  --messages n   messages that the killing of leaders goes on over, at least
  --kills n      how many leaders are killed
  --minutes n    faults at random, to one client, for so long
  --seed n       what chance decides; printed when it is not given
  --report file  where to write the report; by default survival-report.md
  --help         this text`
}
