import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The first three columns, and how many columns follow. */
function readRows(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))
    .filter(([queue]) => queue === 'classic' || queue === 'quorum')
    .map((cells) => `${cells.slice(0, 3).join(' ')} +${cells.length - 3}`)
}

async function bench(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
  })
  return stdout
}

test('publish and consume have a row for each client in each case, below the versions', async ({ broker }) => {
  const env = { RABBITMQ_URL: broker.url, RABBITMQ_MANAGEMENT_URL: broker.managementUrl }
  const text = await bench(['publish', 'consume', '--rounds', '1', '--messages', '5'], env)

  const rows = (...cases: string[]) => cases.flatMap((one) => [`${one} amqplib +4`, `${one} leveret +4`])
  expect(readRows(text)).toEqual([
    ...rows('classic 1', 'classic 64', 'classic 256', 'quorum 1', 'quorum 64', 'quorum 256'),
    ...rows('classic 10', 'classic 250', 'quorum 10', 'quorum 250'),
  ])
  expect(text).toMatch(/^Node\.js [\d.]+, leveret [\d.]+, amqplib [\d.]+, RabbitMQ [\d.]+ \(\w+\), /m)
})

test('help names every program, and needs no broker', async () => {
  expect(await bench(['--help'])).toMatch(/publish.*consume.*recovery/s)
})
