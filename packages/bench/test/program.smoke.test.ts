import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RabbitMQ } from '@leveret/testing'
import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** What is measured in each row of the tables, without the figures. */
function readRows(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))
    .filter(([queue]) => queue === 'classic' || queue === 'quorum')
    .map((cells) => cells.slice(0, 5).join(' '))
}

async function bench(args: readonly string[], broker?: Pick<RabbitMQ, 'url' | 'managementUrl'>): Promise<string> {
  const env = broker && { RABBITMQ_URL: broker.url, RABBITMQ_MANAGEMENT_URL: broker.managementUrl }
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
  })
  return stdout
}

test('programs print their tables below the versions of everything', async ({ broker }) => {
  const text = await bench(['rpc', 'send-all', '--quick', '--messages', '5'], broker)
  expect(text).toMatch(/^amqplib [\d.]+, leveret [\d.]+, .*rascal [\d.]+, zod [\d.]+, valibot [\d.]+, arktype [\d.]+$/m)
  expect(text).toMatch(/^Node\.js [\d.]+, RabbitMQ [\d.]+ \(\w+\), /m)
  const calls = ['classic 3 lines 404 1', 'classic 3 lines 404 64', 'classic 60 lines 4577 64']
  const callers = ['amqplib noDelay', 'amqplib noDelay + zod', 'leveret']
  expect(readRows(text)).toEqual([
    ...calls.flatMap((one) => callers.map((client) => `${one} ${client}`)),
    'classic note 200 1000 amqplib',
    'classic note 200 1000 leveret',
  ])
})

test('help names every program, and needs no broker', async () => {
  const programs =
    'publish consume rpc fanout latency validation retry letters send-all growth memory install recovery'.split(' ')
  const help = await bench(['--help'])
  expect(programs.filter((name) => !help.includes(`\n  ${name} `))).toEqual([])
})
