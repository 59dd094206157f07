import { rm } from 'node:fs/promises'
import type { Leftover } from './reaper.js'

// Runs as a separate process, see reaper.ts. Each line on standard input is the whole list. The end of the input means
// that the process that wrote it is gone.
let input = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk: string) => {
  input = lastLines(input + chunk)
})
process.stdin.on('end', () => void reap(parse(input)))

/** Keeps the last whole line, and the text after it. */
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
  for (const leftover of leftovers) if ('directory' in leftover) await removeDirectory(leftover.directory)
  // A network can be removed only after its containers.
  for (const leftover of leftovers) if ('container' in leftover) await removeContainer(leftover.container)
  for (const leftover of leftovers) if ('network' in leftover) await removeNetwork(leftover.network)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process has ended by itself in the meantime.
  }
}

async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}

// Both may be gone already: Testcontainers' own reaper, if it runs, also removes them.

async function removeContainer(id: string): Promise<void> {
  const { container } = await loadEngine()
  await container
    .getById(id)
    .remove({ force: true, v: true })
    .catch(() => {})
}

async function removeNetwork(id: string): Promise<void> {
  const { container } = await loadEngine()
  await container.dockerode
    .getNetwork(id)
    .remove()
    .catch(() => {})
}

/** Loads the engine only if there is a container to remove: most of these processes end without one. */
async function loadEngine() {
  const { dockerEngine } = await import('../container/engine.js')
  return dockerEngine()
}
