import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { RawConnection } from '@leveret/conformance'
import { expect, onTestFinished, test } from 'vitest'

const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

function start(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return { child, text: () => text }
}

test('the program says what it is for and where it is, serves clients, and ends on a signal', async () => {
  const { child, text } = start('--port', '0', '--like', '3.10')
  while (!text().includes('Ctrl+C')) await once(child.stdout, 'data')
  expect(text()).toContain('behaves like RabbitMQ 3.10.8. It is for tests and tries, not for production')
  expect(text()).toContain('nothing is kept')
  expect(text()).toContain('on this machine only')
  const [url] = /amqp:\/\/\S+/.exec(text()) ?? []
  const connection = await RawConnection.open(url ?? '')
  await connection.close()
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('the program explains itself', async () => {
  const { child, text } = start('--help')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(text()).toContain('--port')
})
