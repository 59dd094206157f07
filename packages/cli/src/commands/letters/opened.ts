import type { Command } from 'commander'
import { DeadLetters, type LetterContract } from 'leveret'
import type { Session } from '../../broker/session.js'
import type { SelectionOptions } from '../../letters/selection.js'
import { type LetterQueue, letterQueueOf } from '../../letters/source.js'
import { parseWhere, type Where } from '../../letters/where.js'
import { withApp, withBroker, withJson } from '../../program/command.js'
import type { CommonOptions, Context } from '../../program/context.js'
import { list, span, wholeNumber } from '../../program/parse.js'

/** Options of every command on letters. */
export interface LetterCommandOptions extends CommonOptions {
  readonly of?: string
}

/** Options of commands that select letters. */
export interface ChoosingOptions extends LetterCommandOptions, SelectionOptions {
  readonly limit?: number
}

/** The opened letters of a command. */
export interface Opened extends LetterQueue {
  readonly session: Session
  readonly letters: DeadLetters<LetterContract>
}

/** Opens the letters that a name stands for, runs `work` on them, and closes everything. */
export async function withLetters<T>(
  context: Context,
  options: LetterCommandOptions,
  name: string,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const found = letterQueueOf(await context.applications(options), name, options.of)
  await using session = await context.session(options)
  const rabbit = await session.connect()
  const letters = new DeadLetters<LetterContract>(rabbit, found.contract)
  return await work({ ...found, session, letters })
}

/** Adds the options of every command on letters. */
export function asLetterCommand(made: Command): Command {
  return withJson(withApp(withBroker(made))).option(
    '--of <queue>',
    'the queue in which they died, where the name is that of a dead-letter queue',
  )
}

/** Adds the options that select letters. */
export function withSelection(made: Command): Command {
  return made
    .option('--limit <count>', 'at most so many', wholeNumber)
    .option(
      '--reason <reasons>',
      'died for one of these reasons, with commas: attempts-exhausted, invalid-payload, delivery-limit, …',
      list,
    )
    .option('--error <text>', 'the name or message of the error has this in it')
    .option('--since <span>', 'died within this time: 90s, 5m, 2h, 7d', span)
    .option('--id <ids>', 'these message ids, with commas', list)
    .option(
      '--where <condition>',
      `a path, an operator (== != < <= > >= ~) and JSON: 'payload.account == "ann"'`,
      collectWhere,
    )
}

function collectWhere(text: string, known: readonly Where[] = []): Where[] {
  return [...known, parseWhere(text)]
}
