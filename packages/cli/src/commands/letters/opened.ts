import type { Command } from 'commander'
import { BrokerError, DeadLetters, type LetterContract } from 'leveret'
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
  return await work({ ...found, session, letters }).catch((error: unknown) => {
    const isMissing = error instanceof BrokerError && error.replyCode === 404
    if (isMissing && !found.isKnown && options.of === undefined) context.terminal.say(guessOf(name, found.queue))
    throw error
  })
}

function guessOf(name: string, queue: string): string {
  return (
    `No contract has this name, so '${queue}' was taken for its dead-letter queue. ` +
    `If '${name}' itself holds the letters, add --of <queue in which they died>. All queues: leveret list queues`
  )
}

/** Adds the options of every command on letters. */
export function asLetterCommand(made: Command): Command {
  return withJson(withApp(withBroker(made))).option(
    '--of <queue>',
    'the queue in which the letters died, if <name> is the queue that holds them',
  )
}

/** Adds the options that select letters. */
export function withSelection(made: Command): Command {
  return made
    .option('--limit <count>', 'take at most so many letters', wholeNumber)
    .option(
      '--reason <reasons>',
      'letters that died for one of these reasons, separated by commas: attempts-exhausted, invalid-payload, delivery-limit, …',
      list,
    )
    .option('--error <text>', 'letters whose error has this text in its name or message')
    .option('--since <span>', 'letters that died within this time: 90s, 5m, 2h, 7d', span)
    .option('--id <ids>', 'letters with these message ids, separated by commas', list)
    .option(
      '--where <condition>',
      `letters for which this holds: a path, an operator (== != < <= > >= ~) and a JSON value, such as 'payload.account == "ann"'`,
      collectWhere,
    )
}

function collectWhere(text: string, known: readonly Where[] = []): Where[] {
  return [...known, parseWhere(text)]
}
