import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, test } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'
import { leveret, start } from './programs.js'

interface Line {
  readonly messageId: string
  readonly name: string
  readonly n?: number
  readonly err?: { readonly message: string }
}

test('a log pipeline of services that log with pino: the file is complete, by the numbers of its lines', async ({
  vhost,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'pino-pipeline-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'lines.ndjson')
  const env = { RABBITMQ_URL: vhost.url }
  const writer = start(leveret, 'pino-file-writer', env, file)
  await writer.printed(/^writing to/)
  const services = ['shop', 'till'].map((service) => start(leveret, 'pino-service', env, service, '2000'))
  for (const service of services) expect(await service.ended()).toBe(0)
  const linesOf = (name: string): Line[] =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line.name === name)
  for (const name of ['shop', 'till']) {
    await eventually(() => expect(linesOf(name)).toHaveLength(2_001), { timeoutMs: 20_000 })
    const numbers = linesOf(name).flatMap(({ n }) => (n === undefined ? [] : [n]))
    expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, n) => n))
    expect(linesOf(name).at(-1)?.err).toMatchObject({ message: 'the card was refused' })
  }
  expect(await writer.interrupt()).toBe(0)
})
