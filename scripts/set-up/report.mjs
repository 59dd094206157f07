/** A set-up step that cannot go on: what happened, and what the user can do about it. */
export class SetUpError extends Error {
  /**
   * @param {string} what
   * @param {string} next
   */
  constructor(what, next) {
    super(`${what}; ${next}.`)
    this.name = 'SetUpError'
  }
}

/**
 * Says in one line what is being done.
 *
 * @param {string} line
 */
export function say(line) {
  process.stdout.write(`› ${line}\n`)
}

/**
 * Runs a script's main function and turns its outcome into the exit code.
 *
 * @param {() => Promise<number>} main - resolves with the exit code
 */
export async function report(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    process.exitCode = 1
    const stack = error instanceof Error ? error.stack : String(error)
    process.stderr.write(error instanceof SetUpError ? `✗ ${error.message}\n` : `${stack}\n`)
  }
}
