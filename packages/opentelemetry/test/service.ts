import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PrintedSpan } from './programs.js'

/** A program of the folder `programs` that goes on until the test ends. */
export interface Service extends AsyncDisposable {
  /** What the program says of itself once it has started. */
  readonly ready: { readonly port?: number }
  /** The spans that have ended in it so far. */
  spans(): Promise<readonly PrintedSpan[]>
}

interface Said {
  readonly ready?: Service['ready']
  readonly spans?: readonly PrintedSpan[]
}

/** Starts a program in a process of its own, with the built packages. Resolves when it has started. */
export async function startService(name: string, env: Readonly<Record<string, string>>): Promise<Service> {
  const child = fork(fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url)), {
    env: { ...process.env, ...env },
    execArgv: [],
  })
  const { ready = {} } = await said(child)
  return {
    ready,
    spans: async () => {
      child.send('spans')
      return (await said(child)).spans ?? []
    },
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit')
      child.send('end')
      await exited
    },
  }
}

/** The next message of a child. @throws if it exits instead */
async function said(child: ChildProcess): Promise<Said> {
  const over = new AbortController()
  const exited = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`The program exited with ${String(code)}.`)
  })
  exited.catch(() => undefined)
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: over.signal }), exited])) as [Said]
    return message
  } finally {
    over.abort()
  }
}
