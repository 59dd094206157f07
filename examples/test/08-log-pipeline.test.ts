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
  const deploy = start(leveret, 'declare', env)
  await deploy.printed('declared')
  expect(await deploy.ended()).toBe(0)
  const alerter = start(leveret, 'alerter', env)
  await alerter.printed('watching for errors')

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
  await history.printed(/^\S+ till: the payment was refused \(402\)$/)
  const errors = history.lines.filter((line) => line.endsWith('(402)'))
  expect(errors.map((line) => line.split(' ')[1])).toEqual(['shop:', 'till:'])
  expect(await history.interrupt()).toBe(0)

  // The file is empty until now.
  const writer = start(leveret, 'file-writer', env, file)
  await eventually(() => expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(6))
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const texts = lines.map((line) => (JSON.parse(line) as { service: string; text: string }).service)
  expect(texts).toEqual(['shop', 'shop', 'shop', 'till', 'till', 'till'])
  expect(await writer.interrupt()).toBe(0)
  expect(await alerter.interrupt()).toBe(0)
})
