import { type Profiler, Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

/** Share of the messages for which a function has to run to count as a step of each message. */
const NEARLY_ALL = 0.9

/**
 * Counts calls of functions, with V8's precise coverage.
 *
 * @see https://v8.dev/blog/javascript-code-coverage
 */
export class Coverage {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  }

  /**
   * Ends the count.
   *
   * @param messages - how many messages were processed since the start
   * @returns the functions of leveret that ran for nearly every message, each as `file name`
   */
  async stop(messages: number): Promise<string[]> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    this.#session.disconnect()
    return result.flatMap((script) => stepsIn(script, messages))
  }
}

const ROOT = fileURLToPath(new URL('.', import.meta.resolve('leveret')))

function stepsIn({ url, functions }: Profiler.ScriptCoverage, messages: number): string[] {
  if (!url.startsWith('file:')) return []
  const path = fileURLToPath(url)
  if (!path.startsWith(ROOT)) return []
  return functions
    .filter(({ ranges: [whole] }) => (whole?.count ?? 0) >= messages * NEARLY_ALL)
    .map(({ functionName }) => `${path.slice(ROOT.length)} ${functionName || '(anonymous)'}`)
}
