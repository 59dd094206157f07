import { command, type Runner } from '../program/command.js'
import { asyncApiCommand } from './contracts/asyncapi.js'
import { contractsDiffCommand } from './contracts/diff.js'
import { jsonCommand } from './contracts/json.js'
import { pictureCommand } from './contracts/picture.js'

/** `leveret contracts …` */
export function contractsCommand(runner: Runner) {
  const made = command('contracts', 'Contracts as documents. It needs no broker.')
  for (const make of [jsonCommand, asyncApiCommand, contractsDiffCommand, pictureCommand]) made.addCommand(make(runner))
  return made
}
