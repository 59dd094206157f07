import { command, type Runner } from '../program/command.js'
import { asyncApiCommand } from './contracts/asyncapi.js'
import { contractsDiffCommand } from './contracts/diff.js'
import { jsonCommand } from './contracts/json.js'
import { pictureCommand } from './contracts/picture.js'

/** `leveret contracts …` */
export function contractsCommand(runner: Runner) {
  const made = command(
    'contracts',
    'Writes contracts as documents, and compares them with an earlier version. It needs a broker only for --broker.',
  )
  for (const make of [jsonCommand, asyncApiCommand, contractsDiffCommand, pictureCommand]) made.addCommand(make(runner))
  return made
}
