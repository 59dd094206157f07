import { afterEach, beforeEach, expect, onTestFinished } from 'vitest'
import { LeveretError } from '../../src/index.js'

/** Makes every test of a file fail over an `uncaughtException` or an `unhandledRejection`, however late it comes. */
export function forbidSurprises(): void {
  const surprises: unknown[] = []
  const surprise = (error: unknown): void => void surprises.push(error)
  beforeEach(() => {
    surprises.length = 0
    process.on('uncaughtException', surprise)
    process.on('unhandledRejection', surprise)
  })
  afterEach(async () => {
    // Rejections are found unhandled only after the microtasks of a turn.
    await new Promise(setImmediate)
    process.off('uncaughtException', surprise)
    process.off('unhandledRejection', surprise)
    expect(surprises).toEqual([])
  })
}

/** Settles whatever happens; what it rejects with is one of leveret's errors. */
export async function settled(work: Promise<unknown>): Promise<'done' | 'failed'> {
  return await work.then(
    () => 'done',
    (error: unknown) => {
      expect(error).toBeInstanceOf(LeveretError)
      return 'failed'
    },
  )
}

/** What the process is warned of, from now on until the test ends. */
export function warnings(): string[] {
  const said: string[] = []
  const onWarning = ({ message }: Error): void => void said.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  return said
}
