import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@leveret/testing'
import { expect, test } from 'vitest'

const reaper = new URL('../dist/reaper/reaper.js', import.meta.url)

// Leaves a process and a folder behind, without any chance to tidy up.
const program = `
  import { spawn } from 'node:child_process'
  import { Reaper } from ${JSON.stringify(reaper)}
  const left = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
  const reaper = new Reaper()
  reaper.watch({ directory: process.argv[1] })
  reaper.watch({ pid: left.pid })
  process.stdout.write(String(left.pid))
  setInterval(() => {}, 1000)
`

test('what a killed process leaves behind is removed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'leveret-reaper-'))
  const killed = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [pid] = await once(killed.stdout, 'data')
  expect(runs(Number(pid))).toBe(true)

  killed.kill('SIGKILL')

  await eventually(() => expect(existsSync(directory)).toBe(false))
  await eventually(() => expect(runs(Number(pid))).toBe(false))
})

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
