import { readFile } from 'node:fs/promises'
import { type Change, isBreaking } from '../../contracts/diff/change.js'
import { diffContracts } from '../../contracts/diff/diff.js'
import type { ContractsDocument } from '../../contracts/document.js'
import { acts, command, type Runner, withBroker, withJson } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode, UsageError } from '../../program/exit.js'
import { harmless, paint } from '../../terminal/style.js'
import type { Terminal } from '../../terminal/terminal.js'
import { asDocumentCommand, type DocumentOptions, described } from './described.js'
import { waitingFor } from './waiting.js'

interface ContractsDiffOptions extends DocumentOptions {
  readonly broker?: boolean
}

/** `leveret contracts diff <lock>` */
export function contractsDiffCommand(runner: Runner) {
  const made = command(
    'diff <lock>',
    'Compares contracts with what contracts json wrote before: exit code 1 where something breaks. With --broker it counts what waits and would be refused.',
    ['leveret contracts diff contracts.lock.json', 'leveret contracts diff contracts.lock.json --broker --json'],
  )
  withJson(withBroker(asDocumentCommand(made))).option(
    '--broker',
    'count the messages that wait and do not fit any more',
  )
  return acts(made, runner, compare)
}

async function compare(context: Context, options: ContractsDiffOptions, lock: string): Promise<ExitCode> {
  const before = await readLock(lock)
  const { applications, document } = await described(context, options)
  const changes = diffContracts(before, document)
  const waiting = options.broker ? await waitingFor(context, options, { changes, before, applications }) : []
  await context.answer(options, { changes, waiting }, async () => {
    for (const change of changes) await context.terminal.print(lineOf(context.terminal, change))
    for (const { queue, messages, isAtLeast } of waiting) {
      const count = `${isAtLeast ? 'at least ' : ''}${messages} ${messages === 1 ? 'message' : 'messages'}`
      await context.terminal.print(`${count} of the old shape ${messages === 1 ? 'waits' : 'wait'} in ${queue}`)
    }
  })
  const count = (answer: Change['answer']): number => changes.filter((change) => change.answer === answer).length
  context.terminal.say(
    changes.length === 0
      ? 'Nothing has changed.'
      : `${count('breaks')} break, ${count('cannot tell')} cannot be decided, ${count('ok')} for information`,
  )
  return isBreaking(changes) ? EXIT.found : EXIT.done
}

function lineOf(terminal: Terminal, { contract, path, side, answer, text }: Change): string {
  const color = answer === 'breaks' ? 'red' : answer === 'cannot tell' ? 'yellow' : 'dim'
  const mark = paint(terminal.hasColor, color, answer === 'ok' ? 'info' : answer)
  const sides = side === 'info' ? '' : ` ${side}`
  return `${mark}${sides}  ${harmless(`${contract}${path === '' ? '' : `, ${path}`}: ${text}`)}`
}

async function readLock(file: string): Promise<ContractsDocument> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause })
  })
  const parsed = jsonOrNothing(text)
  if (Object(parsed).leveret === 1) return parsed as ContractsDocument
  throw new UsageError(`${file} is not what leveret contracts json writes.`)
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
