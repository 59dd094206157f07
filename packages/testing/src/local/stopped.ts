import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const LOOK_MS = 5

/**
 * Resolves when every thread of a process has stopped, or the process has ended. `kill` only sends SIGSTOP, and on a
 * busy machine the threads go on for a while: up to 400 ms were measured with an Erlang VM.
 *
 * Resolves at once where there is no `/proc`.
 */
export async function whenStopped(pid: number): Promise<void> {
  for (;;) {
    const states = await threadStates(pid)
    if (states.every((state) => state === 'T')) return
    await delay(LOOK_MS)
  }
}

async function threadStates(pid: number): Promise<readonly string[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const states = threads.map(async (thread) => {
    const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => '')
    // The name of the thread stands before its state, in brackets, and may hold brackets itself.
    return stat === '' ? 'T' : stat.charAt(stat.lastIndexOf(')') + 2)
  })
  return await Promise.all(states)
}
