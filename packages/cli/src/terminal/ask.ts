import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { UsageError } from '../program/exit.js'
import type { Terminal } from './terminal.js'

/** Asks on a terminal, and returns a line; an empty one at the end of the input. */
async function ask(terminal: Terminal, question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr })
  const ended = once(lines, 'close').then(() => '')
  // While a terminal is read, Ctrl-C goes to the reader, not to the process.
  lines.on('SIGINT', () => process.emit('SIGINT'))
  try {
    // Ctrl-D is not an answer either.
    const answer = lines.question(question, { signal }).catch(() => '')
    const line = await Promise.race([answer, ended])
    signal.throwIfAborted()
    return line.trim()
  } finally {
    lines.close()
  }
}

/** Consent that was given on the command line. */
export interface Consent {
  /** `--yes`, or `--yes=<name>`. */
  readonly yes?: boolean | string | undefined
}

/**
 * Asks whether to go on. Without a terminal it needs `--yes`.
 *
 * @throws {@link UsageError} if the user has not agreed and cannot be asked
 */
export async function confirm(
  terminal: Terminal,
  question: string,
  { yes }: Consent,
  signal: AbortSignal,
): Promise<boolean> {
  if (yes !== undefined && yes !== false) return true
  if (!terminal.isInteractive) throw new UsageError(`${question} There is no terminal to ask on: say --yes.`)
  return /^y(es)?$/i.test(await ask(terminal, `${question} [y/N] `, signal))
}

/**
 * Asks the user to type a name, before something that cannot be undone.
 *
 * @throws {@link UsageError} if the user has not agreed and cannot be asked
 */
export async function confirmByName(
  terminal: Terminal,
  question: string,
  name: string,
  { yes }: Consent,
  signal: AbortSignal,
): Promise<boolean> {
  if (yes === name) return true
  if (!terminal.isInteractive || yes !== undefined)
    throw new UsageError(`${question} It wants the name of the queue: say --yes=${name}.`)
  return (await ask(terminal, `${question} Type the name of the queue to go on: `, signal)) === name
}

/** Reads a password: from a terminal without showing it, otherwise from the first line of stdin. */
export async function askPassword(terminal: Terminal, question: string): Promise<string> {
  const { stdin } = terminal
  if (stdin.isTTY) terminal.write(question)
  stdin.setRawMode?.(true)
  try {
    return await untilEnter(stdin)
  } finally {
    stdin.setRawMode?.(false)
    stdin.pause()
    if (stdin.isTTY) terminal.write('\n')
  }
}

function untilEnter(stdin: Terminal['stdin']): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ''
    const done = (finish: () => void): void => {
      stdin.off('data', onData).off('end', onEnd)
      finish()
    }
    const onEnd = (): void => done(() => resolve(typed))
    const onData = (chunk: Buffer | string): void => {
      for (const character of String(chunk)) {
        const isEnter = character === '\r' || character === '\n'
        if (isEnter) done(() => resolve(typed))
        if (character === '\u0003') done(() => reject(interrupted()))
        if (isEnter || character === '\u0003') return
        typed = character === '\u007f' ? typed.slice(0, -1) : typed + character
      }
    }
    stdin.on('data', onData).on('end', onEnd).resume()
  })
}

/** Raises SIGINT, like Ctrl-C elsewhere, and returns the error that ends the prompt. */
function interrupted(): Error {
  process.emit('SIGINT')
  return new DOMException('interrupted', 'AbortError')
}
