import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PinoTransportOptions } from '../src/index.js'

/** What the program is to do. */
export interface Orders {
  readonly lines: number
  /** Lines a second. Without it all of them in one loop. */
  readonly rate?: number
  readonly end?: 'flush' | 'exit'
  readonly transport?: Partial<PinoTransportOptions>
}

/** How it ended. */
export interface Logged {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
}

/** Logs in a process of its own, with the built packages. @param onLogged - called when all lines have been logged, stored or not */
export async function log(url: string, orders: Orders, onLogged?: () => void): Promise<Logged> {
  const started = performance.now()
  const program = fileURLToPath(new URL('programs/log.mjs', import.meta.url))
  const child = spawn(process.execPath, [program], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, URL_OF_BROKER: url, ORDERS: JSON.stringify(orders) },
    timeout: 50_000,
    killSignal: 'SIGKILL',
  })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    if (texts.stdout === '') onLogged?.()
    texts.stdout += String(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    texts.stderr += String(chunk)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...texts, seconds: (performance.now() - started) / 1_000 }
}
