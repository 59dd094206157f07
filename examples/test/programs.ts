import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'

/** The folder that the build puts the examples into. */
const built = new URL('../dist/', import.meta.url)
const peers = new URL('./peers/', import.meta.url)

/** How a program is run: the examples with leveret, and programs that know nothing of it. */
export interface Peer {
  readonly name: string
  readonly command: string
  /** Arguments before the program's own. */
  argumentsOf(program: string): string[]
}

const FOLDERS: Readonly<Record<string, string>> = {
  send: '01-hello',
  receive: '01-hello',
  'new-task': '02-work-queue',
  worker: '02-work-queue',
  service: '08-log-pipeline',
  tail: '08-log-pipeline',
  'file-writer': '08-log-pipeline',
  alerter: '08-log-pipeline',
  declare: '08-log-pipeline',
  history: '08-log-pipeline',
  statistics: '08-log-pipeline',
  'pino-service': '08-log-pipeline',
  'pino-file-writer': '08-log-pipeline',
  request: '09-tracing',
  'rpc-client': '06-rpc',
  'rpc-server': '06-rpc',
  'emit-log': '03-publish-subscribe',
  'receive-logs': '03-publish-subscribe',
  'emit-log-direct': '04-routing',
  'receive-logs-direct': '04-routing',
  'emit-log-topic': '05-topics',
  'receive-logs-topic': '05-topics',
  'publisher-confirms': '07-publisher-confirms',
}

export const leveret: Peer = {
  name: 'leveret',
  command: process.execPath,
  argumentsOf: (program) => [fileURLToPath(new URL(`${FOLDERS[program]}/${program}.js`, built))],
}

/** The programs of an application. */
export const application = (folder: string): Peer => ({
  name: folder,
  command: process.execPath,
  argumentsOf: (program) => [fileURLToPath(new URL(`applications/${folder}/${program}.js`, built))],
})

export const amqplib: Peer = {
  name: 'amqplib',
  command: process.execPath,
  argumentsOf: (program) => [fileURLToPath(new URL('amqplib.mjs', peers)), program],
}

export const pika: Peer = {
  name: 'pika',
  command: '/usr/bin/python3',
  argumentsOf: (program) => [fileURLToPath(new URL('pika.py', peers)), program],
}

/** Whether Debian's python3-pika is installed. */
export function hasPika(): boolean {
  try {
    execFileSync(pika.command, ['-c', 'import pika'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Everybody who is installed here. */
export const PEERS: readonly Peer[] = hasPika() ? [leveret, amqplib, pika] : [leveret, amqplib]

/** Each of them as a sender and as a receiver. */
export const PAIRS: readonly { readonly sender: Peer; readonly receiver: Peer }[] = PEERS.flatMap((sender) =>
  PEERS.map((receiver) => ({ sender, receiver })),
)

/** A program of a tutorial, while it runs. It is ended with the test. */
export interface Running {
  /** What it has printed so far, line by line. */
  readonly lines: readonly string[]
  printed(line: string | RegExp): Promise<void>
  /** Ctrl-C. @returns its exit code */
  interrupt(): Promise<number | null>
  /** SIGTERM. @returns its exit code */
  terminate(): Promise<number | null>
  /** Its end, without the process being asked to. @returns its exit code */
  ended(): Promise<number | null>
  kill(): void
}

/** Starts a program. */
export function start(peer: Peer, program: string, env: Record<string, string>, ...words: string[]): Running {
  const child = spawn(peer.command, [...peer.argumentsOf(program), ...words], { env: { ...process.env, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = collect(child)
  const exited = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null)
  return {
    lines,
    printed: (line) => eventually(() => expect(lines).toContainEqual(like(line)), { timeoutMs: 20_000 }),
    ended: () => exited,
    interrupt: () => {
      child.kill('SIGINT')
      return exited
    },
    terminate: () => {
      child.kill('SIGTERM')
      return exited
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function like(line: string | RegExp): unknown {
  return typeof line === 'string' ? line : expect.stringMatching(line)
}

/** What a program has printed as the tutorials do, beside what it may log. */
export function said({ lines }: Running): string[] {
  return lines.filter((line) => line.startsWith(' ['))
}

function collect(child: ChildProcess): string[] {
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = `${rest}${chunk}`.split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
    })
  }
  return lines
}
