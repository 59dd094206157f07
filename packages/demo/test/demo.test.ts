import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually, test } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The rows of the table at the end, by their label. */
function readTable(text: string): Record<string, number> {
  const rows = [...text.matchAll(/^ {2}(sent|done|tried again|dead-lettered|done twice|lost) +(\d+)/gm)]
  return Object.fromEntries(rows.map(([, label, count]) => [label, Number(count)]))
}

function startDemo(url: string): { child: ChildProcess; text: () => string } {
  const child = spawn(process.execPath, [program], { env: { ...process.env, RABBITMQ_URL: url } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return { child, text: () => text }
}

test('the demo does every task, tries one again, keeps one as a dead letter, and ends by itself', async ({ vhost }) => {
  const { child, text } = startDemo(vhost.url)
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(readTable(text())).toEqual({
    sent: 60,
    done: 59,
    'tried again': 3,
    'dead-lettered': 1,
    'done twice': 0,
    lost: 0,
  })
})

test('the demo does the same on a broker in memory, and says so first', async () => {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, RABBITMQ_URL: '', LEVERET_BROKER: 'memory' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(text.trimStart().split('\n')[0]).toBe(
    'no RabbitMQ found: using a broker in memory that behaves like RabbitMQ 4.3; nothing is kept',
  )
  expect(readTable(text)).toMatchObject({ sent: 60, done: 59, 'dead-lettered': 1, lost: 0 })
})

test("killing the demo's broker midway and starting it again loses no task", async ({ ownBroker }) => {
  const { child, text } = startDemo(ownBroker.url)
  const exited = once(child, 'exit')
  // Late enough: RabbitMQ 3.10 loses the leader of a quorum queue that it declared less than a second before a kill.
  await eventually(() => expect(text()).toContain('image-50.png'), { timeoutMs: 20_000 })
  await ownBroker.kill()
  await ownBroker.start()
  expect(await exited).toEqual([0, null])
  expect(readTable(text())).toMatchObject({ sent: 60, done: 59, 'dead-lettered': 1, lost: 0 })
  expect(text()).toContain('connection is gone')
}, 120_000)
