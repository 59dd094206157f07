import { type Diagnosis, diagnose } from '../doctor/check.js'
import { CHECKS } from '../doctor/checks.js'
import { lookAround } from '../doctor/look.js'
import { acts, command, type Runner, withApp, withBroker, withJson } from '../program/command.js'
import type { CommonOptions, Context } from '../program/context.js'
import { EXIT, type ExitCode, UsageError } from '../program/exit.js'
import { list } from '../program/parse.js'
import { harmless, paint } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { wrap } from '../terminal/width.js'

interface DoctorOptions extends CommonOptions {
  readonly skip?: readonly string[]
  readonly letters?: boolean
}

/** `leveret doctor` */
export function doctorCommand(runner: Runner) {
  const made = command(
    'doctor',
    `Checks a broker and its clients, and says of each problem what it saw and what to do. Runs ${CHECKS.length} checks, changes nothing, and exits with 1 if it finds an error or a warning.`,
    ['leveret doctor --skip version,node-version', 'leveret doctor --json'],
  )
  withJson(withApp(withBroker(made)))
    .option(
      '--skip <checks>',
      `leave out these checks, separated by commas: ${CHECKS.map(({ name }) => name).join(', ')}`,
      list,
    )
    .option('--no-letters', 'do not read the first letter of dead-letter queues for its age')
  return acts(made, runner, doctor)
}

async function doctor(context: Context, options: DoctorOptions): Promise<ExitCode> {
  const { skip = [], letters = true } = options
  const unknown = skip.find((name) => !CHECKS.some((check) => check.name === name))
  if (unknown !== undefined) throw new UsageError(`There is no check '${unknown}'.`)
  const applications = await context.applications(options)
  await using session = await context.session(options)
  session.announce('checks the broker and its clients')
  const snapshot = await lookAround(session, { applications, folder: context.folder, looksAtLetters: letters })
  const asked = CHECKS.filter(({ name }) => !skip.includes(name))
  const findings = diagnose(asked, snapshot)
  const broker = snapshot.overview === undefined ? 'RabbitMQ' : `RabbitMQ ${snapshot.overview.rabbitmq_version}`
  const answer = {
    broker: snapshot.overview?.rabbitmq_version ?? null,
    asked: asked.map(({ name }) => name),
    findings,
    unseen: snapshot.unseen,
  }
  await context.answer(options, answer, async () => {
    for (const finding of findings) await printFinding(context.terminal, finding)
  })
  for (const sentence of snapshot.unseen) context.terminal.say(`not checked: ${sentence}`)
  const wrong = findings.filter(({ severity }) => severity !== 'note').length
  context.terminal.say(
    `${broker}: ${asked.length} checks, ${wrong === 0 ? `no problems${snapshot.unseen.length > 0 ? ' in what this user may see' : ''}` : `${wrong} ${wrong === 1 ? 'problem' : 'problems'}`}`,
  )
  return wrong === 0 ? EXIT.done : EXIT.found
}

const COLORS = { error: 'red', warning: 'yellow', note: 'dim' } as const

async function printFinding(
  terminal: Terminal,
  { severity, check, subject, evidence, wayOut }: Diagnosis,
): Promise<void> {
  const mark = paint(terminal.hasColor, COLORS[severity], severity.padEnd(7))
  const wrapped = (text: string): string => wrap(`         ${harmless(text)}`, terminal.columns, 9)
  await terminal.print(`${mark}  ${wrap(`${harmless(subject)}  (${check})`, terminal.columns - 9, 9)}`)
  await terminal.print(wrapped(evidence))
  await terminal.print(wrapped(`way out: ${wayOut}`))
}
