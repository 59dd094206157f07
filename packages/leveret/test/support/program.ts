import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const library = new URL('../../dist/index.js', import.meta.url).href
const zod = import.meta.resolve('zod')
const cwd = fileURLToPath(new URL('../..', import.meta.url))

/** Longer than most programs of these tests run. */
const HANGS_AFTER_MS = 30_000

/** How a program ended. */
export interface Ended {
  readonly lines: readonly string[]
  readonly stderr: string
  /** The exit code; `undefined` when it did not end by itself. */
  readonly code: number | undefined
}

/**
 * Runs the built library in a process of its own, until that ends. The body is the rest of a module that knows `connect`,
 * `closeOnSignals`, `DeadLetters`, `fanoutExchange`, `Producer`, `Reject`, `Subscriber`, `topicExchange`, `Worker`, `workQueue`, zod's
 * `z`, the contract `tasks`, the URL `url`, and `resources()`: what keeps the process alive.
 *
 * @param onLine - gets each line the program prints, as it comes
 * @param hangsAfterMs - one that runs for longer is killed
 */
export async function runProgram(
  url: string,
  body: string,
  onLine?: (line: string) => void,
  hangsAfterMs = HANGS_AFTER_MS,
): Promise<Ended> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', moduleOf(url, body)], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: hangsAfterMs,
    killSignal: 'SIGKILL',
  })
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    onLine?.(line)
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += String(chunk)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { lines, stderr, code: code ?? undefined }
}

function moduleOf(url: string, body: string): string {
  return `import * as leveret from '${library}'
    const { closeOnSignals, connect, DeadLetters, fanoutExchange, Producer, Reject, Subscriber } = leveret
    const { stream, subscription, topicExchange, Worker, workQueue } = leveret
    import { z } from '${zod}'
    const tasks = workQueue('tasks', { payload: z.object({ n: z.number() }) })
    const url = ${JSON.stringify(url)}
    const resources = () => process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|File/.test(name))
    ${body}`
}
