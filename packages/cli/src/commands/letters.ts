import { command, type Runner } from '../program/command.js'
import { countCommand } from './letters/count.js'
import { discardCommand } from './letters/discard.js'
import { exportCommand } from './letters/export.js'
import { moveCommand } from './letters/move.js'
import { replayCommand } from './letters/replay.js'
import { showCommand } from './letters/show.js'

/** `leveret letters …` */
export function lettersCommand(runner: Runner) {
  const made = command('letters', 'Counts, shows, replays, moves, discards and exports dead letters.')
  for (const make of [countCommand, showCommand, replayCommand, moveCommand, discardCommand, exportCommand]) {
    made.addCommand(make(runner))
  }
  return made
}
