import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'
import { leveret, start } from '../programs.js'

test('a reader of a stream that keeps its offset with its work counts each line once, though it is killed twice', async ({
  vhost,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'log-statistics-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'statistics.json')
  const env = { RABBITMQ_URL: vhost.url }
  const log = async (service: string): Promise<void> => {
    expect(await start(leveret, 'service', env, service).ended()).toBe(0)
  }
  expect(await start(leveret, 'declare', env).ended()).toBe(0)

  await log('shop')
  for (const [times, service] of [
    [1, 'till'],
    [2, 'shop'],
  ] as const) {
    const statistics = start(leveret, 'statistics', env, file)
    await statistics.printed(`counted up to ${3 * times}`)
    statistics.kill()
    await log(service)
  }
  const statistics = start(leveret, 'statistics', env, file)
  await statistics.printed('counted up to 9')
  expect(await statistics.interrupt()).toBe(0)
  const of = (service: string, times: number): Record<string, number> =>
    Object.fromEntries(['info', 'warning', 'error'].map((level) => [`${service}.${level}`, times]))
  const counts = { ...of('shop', 2), ...of('till', 1) }
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ offset: 9, counts })
})
