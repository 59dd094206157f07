import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, test } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'
import { leveret, start } from './programs.js'

test('a log pipeline: a tail shows what comes while it runs, the file misses nothing, errors raise an alert', async ({
  vhost,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'log-pipeline-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'lines.ndjson')
  const env = { RABBITMQ_URL: vhost.url }
  const writer = start(leveret, 'file-writer', env, file)
  const alerter = start(leveret, 'alerter', env)
  await writer.printed(`writing to ${file}`)
  await alerter.printed('watching for errors')
  expect(await writer.interrupt()).toBe(0)

  const tail = start(leveret, 'tail', env, 'shop.*', '*.warning')
  await tail.printed('tail of shop.* *.warning')
  for (const service of ['shop', 'till']) {
    const running = start(leveret, 'service', env, service)
    await running.printed(`${service}: 3 lines logged`)
    expect(await running.ended()).toBe(0)
  }
  await alerter.printed('ALERT from till: the payment was refused (402)')
  expect(alerter.lines).toEqual([
    'watching for errors',
    'ALERT from shop: the payment was refused (402)',
    'ALERT from till: the payment was refused (402)',
  ])
  await tail.printed('till.warning: the stock is low')
  expect(tail.lines.slice(1)).toEqual([
    'shop.info: an order came in',
    'shop.warning: the stock is low',
    'shop.error: the payment was refused',
    'till.warning: the stock is low',
  ])
  expect(await tail.interrupt()).toBe(0)

  const history = start(leveret, 'history', env, '5')
  await history.printed('the payment was refused')
  expect(await history.interrupt()).toBe(0)

  // The writer was away meanwhile.
  const again = start(leveret, 'file-writer', env, file)
  await eventually(() => expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(6))
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const texts = lines.map((line) => (JSON.parse(line) as { service: string; text: string }).service)
  expect(texts).toEqual(['shop', 'shop', 'shop', 'till', 'till', 'till'])
  expect(await again.interrupt()).toBe(0)
  expect(await alerter.interrupt()).toBe(0)
})
