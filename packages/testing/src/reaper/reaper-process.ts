import { rm } from 'node:fs/promises'
import type { Leftover } from './reaper.js'

// Runs as a process of its own, see reaper.ts. Each line on standard input is the whole list; the end of input means that
// the process that wrote it is gone.
let input = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk: string) => {
  input = lastLines(input + chunk)
})
process.stdin.on('end', () => void reap(parse(input)))

/** Keeps the last whole line, and what came after it. */
function lastLines(text: string): string {
  const end = text.lastIndexOf('\n')
  return end < 1 ? text : text.slice(text.lastIndexOf('\n', end - 1) + 1)
}

function parse(text: string): Leftover[] {
  const [line = ''] = text.split('\n')
  return line === '' ? [] : (JSON.parse(line) as Leftover[])
}

async function reap(leftovers: readonly Leftover[]): Promise<void> {
  for (const leftover of leftovers) if ('pid' in leftover) kill(leftover.pid)
  for (const leftover of leftovers) if ('container' in leftover) await removeContainer(leftover.container)
  for (const leftover of leftovers) {
    if ('directory' in leftover)
      await rm(leftover.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself in the meantime.
  }
}

async function removeContainer(id: string): Promise<void> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  const client = await getContainerRuntimeClient()
  // It may be gone already: Testcontainers removes its containers too, where its own reaper runs.
  await client.container
    .getById(id)
    .remove({ force: true, v: true })
    .catch(() => {})
}
