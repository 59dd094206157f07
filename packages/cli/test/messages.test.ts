import { eventually } from '@leveret/testing/vitest'
import { connect, declare, ProcedureError, RpcServer } from 'leveret'
import { describe, expect, onTestFinished } from 'vitest'
import { logLines, quote, shop, thumbnails } from './fixtures/shop/leveret.config.js'
import { folderWith, test } from './program.js'

const imageId = '9d5a4a3e-61e3-4e16-9a4b-6f3a5e4c1f00'
const good = JSON.stringify({ imageId, widthPx: 320 })
const line = JSON.stringify({ service: 'api', text: 'up', at: '2026-01-01T00:00:00Z' })

async function declared(url: string) {
  const rabbit = await connect(url)
  onTestFinished(async () => await rabbit.close())
  await declare(rabbit, shop)
  return rabbit
}

describe('send', () => {
  test('sends what fits, and refuses what does not with the list of what is wrong', async ({ leveret, vhost }) => {
    await declared(vhost.url)
    expect(await leveret(['send', 'thumbnails', good])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^[0-9a-f-]{36}\n$/),
    })
    const { code, stdout, stderr } = await leveret(['send', 'thumbnails', '{"imageId":"x","widthPx":"wide"}'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/imageId: .*UUID\n +widthPx: .*expected number, received string/)
    await eventually(async () => expect(await vhost.queue('thumbnails')).toMatchObject({ messages: 1 }))
  })

  test('sends lines of stdin, names the lines that do not fit, and counts', async ({ leveret, vhost }) => {
    await declared(vhost.url)
    const input = [
      ...Array.from({ length: 300 }, (_, index) => JSON.stringify({ imageId, widthPx: index + 1 })),
      '{"widthPx":0}',
      '',
    ].join('\n')
    const { code, stdout, stderr } = await leveret(['send', 'thumbnails', '-', '--json'], { input })
    expect({ code, answer: JSON.parse(stdout) }).toEqual({
      code: 1,
      answer: { sent: 300, failed: 1, interrupted: false },
    })
    expect(stderr).toContain('line 301: The payload does not fit')
    await eventually(async () => expect(await vhost.queue('thumbnails')).toMatchObject({ messages: 300 }))
  })

  test('says how many were sent before a line that is not JSON', async ({ leveret, vhost }) => {
    await declared(vhost.url)
    const input = [good, good, '{"widthPx":0}', 'nonsense', good].join('\n')
    const sent = await leveret(['send', 'thumbnails', '-'], { input })
    expect(sent).toMatchObject({ code: 2, stdout: '' })
    expect(sent.stderr).toMatch(/line 3: The payload does not fit[\s\S]*sent 2, then:\nLine 4 is not JSON/)
    await eventually(async () => expect(await vhost.queue('thumbnails')).toMatchObject({ messages: 2 }))

    const published = await leveret(['publish', 'log_lines', 'api.info', '-'], { input: [line, line, '{}'].join('\n') })
    expect(published).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('published 2, then:') })
  })

  test('declares nothing without --declare', async ({ leveret, vhost }) => {
    expect(await leveret(['send', 'thumbnails', good])).toMatchObject({ code: 1 })
    expect(await vhost.queues()).toEqual([])
    expect(await leveret(['send', 'thumbnails', good, '--declare'])).toMatchObject({ code: 0 })
  })

  test('checks without a broker when it is only to look', async ({ leveret }) => {
    const env = { RABBITMQ_URL: 'amqp://127.0.0.1:1' }
    expect(await leveret(['send', 'thumbnails', good, '--dry-run'], { env })).toMatchObject({
      code: 0,
      stdout: 'would send 1, refused 0\n',
    })
    expect(await leveret(['send', 'nothing', good], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Known are: 'thumbnails'"),
    })
  })
})

describe('publish and tail', () => {
  test('a tail says which template a message is of, and what does not fit', async ({ leveret, vhost }) => {
    await declared(vhost.url)
    let talk = ''
    const tailing = leveret(['tail', 'log_lines', '--limit', '3', '--json'], { onTalk: (text) => (talk += text) })
    await eventually(() => expect(talk).toContain("shows messages of 'log_lines'"))

    expect(await leveret(['publish', 'log_lines', 'api.info', line])).toMatchObject({
      code: 0,
      stdout: 'published 1\n',
    })
    expect(await leveret(['publish', 'log_lines', 'api.error', line])).toMatchObject({ code: 1 })
    // Without the contract it goes as it is.
    expect(await leveret(['publish', 'log_lines', 'api.error', line], { folder: '/' })).toMatchObject({ code: 0 })
    expect(await leveret(['publish', 'log_lines', 'unknown', 'no JSON'], { folder: '/' })).toMatchObject({ code: 0 })

    const { code, stdout } = await tailing
    const seen = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text))
    expect(code).toBe(0)
    expect(seen).toMatchObject([
      { routingKey: 'api.info', template: '*.info', problems: [], payload: { service: 'api' } },
      { routingKey: 'api.error', template: '*.error', problems: [{ path: 'code', found: null }] },
      { routingKey: 'unknown', template: null, payload: 'no JSON' },
    ])
  })

  test('a tail of a direct exchange uses the bound keys if none are given', async ({ broker, leveret, vhost }) => {
    const { management } = broker
    await management.declareQueue(vhost.name, 'errors')
    await management.bindQueue(vhost.name, 'amq.direct', 'errors', 'error')
    let talk = ''
    const tailing = leveret(['tail', 'amq.direct', '--limit', '1', '--json'], { onTalk: (text) => (talk += text) })
    await eventually(() => expect(talk).toContain("messages of 'amq.direct' with 'error'"))
    await management.publish(vhost.name, { exchange: 'amq.direct', routingKey: 'info', payload: '1' })
    await management.publish(vhost.name, { exchange: 'amq.direct', routingKey: 'error', payload: '2' })
    expect(JSON.parse((await tailing).stdout)).toMatchObject({ routingKey: 'error', payload: 2 })
    expect(await leveret(['tail', 'amq.headers', '--limit', '1'], { signal: AbortSignal.abort() })).toMatchObject({
      code: 130,
    })
  })

  test('publishes lines of stdin in their order, and what no contract knows as it is', async ({
    broker,
    leveret,
    vhost,
  }) => {
    await broker.management.declareQueue(vhost.name, 'plain')
    const input = Array.from({ length: 250 }, (_, index) => `${index}\n`).join('')
    const { code, stdout } = await leveret(['publish', '', 'plain', '-', '--json'], { input })
    expect({ code, answer: JSON.parse(stdout) }).toMatchObject({ code: 0, answer: { published: 250, unrouted: 0 } })
    const messages = await broker.management.get(vhost.name, 'plain', 250)
    expect(messages.map(({ payload }) => Number(payload))).toEqual(Array.from({ length: 250 }, (_, index) => index))
  })

  test('says when no queue took it', async ({ leveret, vhost }) => {
    const rabbit = await connect(vhost.url)
    onTestFinished(async () => await rabbit.close())
    await declare(rabbit, logLines)
    expect(await leveret(['publish', 'log_lines', 'api.info', line])).toMatchObject({
      code: 1,
      stdout: 'published 1; no queue took 1 of them\n',
    })
  })
})

describe('call', () => {
  test('writes the response, or the declared error with its code and data', async ({ leveret, vhost }) => {
    const rabbit = await declared(vhost.url)
    const server = new RpcServer(rabbit, quote, ({ widthPx }) => {
      if (widthPx > 1_000) throw new ProcedureError(quote, 'unknown_size', { max: 1_000 })
      return { cents: widthPx * 2 }
    })
    await server.start()
    const called = await leveret(['call', 'quote', '{"widthPx":3}'])
    expect({ code: called.code, answer: JSON.parse(called.stdout) }).toEqual({ code: 0, answer: { cents: 6 } })
    const refused = await leveret(['call', 'quote', '{"widthPx":3000}'])
    expect({ code: refused.code, answer: JSON.parse(refused.stdout) }).toEqual({
      code: 1,
      answer: { error: 'unknown_size', data: { max: 1_000 } },
    })
    expect(await leveret(['call', 'quote', '{"widthPx":"wide"}'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('widthPx: '),
    })
  })
})

describe('contracts', () => {
  test('a required property added breaks, and the messages of the old shape that wait are counted', async ({
    broker,
    leveret,
    vhost,
  }) => {
    await declared(vhost.url)
    const lock = (await leveret(['contracts', 'json'])).stdout
    const folder = await folderWith(`
      import { application, workQueue } from 'leveret'
      import { z } from 'zod'
      const thumbnails = workQueue('thumbnails', {
        payload: z.object({ imageId: z.uuid(), widthPx: z.int().positive().max(4_096), format: z.enum(['png', 'jpeg']) }),
        retry: { delaysMs: [200, 60_000] },
      })
      export const shop = application({ name: 'shop', version: '2.0.0', sends: [thumbnails], works: [thumbnails] })
    `)
    const { writeFile } = await import('node:fs/promises')
    await writeFile(`${folder}/contracts.lock.json`, lock)
    for (let n = 0; n < 3; n += 1)
      await broker.management.publish(vhost.name, { routingKey: 'thumbnails.dead-letter', payload: good })
    await broker.management.publish(vhost.name, { routingKey: 'thumbnails.dead-letter', payload: '{"never":"fitted"}' })
    await broker.management.publish(vhost.name, { routingKey: 'thumbnails', payload: good })

    const { code, stdout } = await leveret(['contracts', 'diff', `${folder}/contracts.lock.json`, '--broker'], {
      folder,
    })

    expect(code).toBe(1)
    expect(stdout).toContain(
      'breaks backward  work-queue thumbnails, format: the new version requires it, and an old message may be without it',
    )
    expect(stdout).toContain('info topology  work-queue thumbnails, delaysMs: was [200, 30000] and is [200, 60000]')
    expect(stdout).toContain('1 message of the old shape waits in thumbnails\n')
    expect(stdout).toContain('3 messages of the old shape wait in thumbnails.dead-letter\n')
    expect(await leveret(['contracts', 'diff', `${folder}/contracts.lock.json`])).toMatchObject({ code: 0, stdout: '' })
  })

  test('a picture says how many messages wait', async ({ broker, leveret, vhost }) => {
    await declared(vhost.url)
    await broker.management.publish(vhost.name, { routingKey: thumbnails.name, payload: good })
    await eventually(async () => {
      const { stdout } = await leveret(['contracts', 'picture', '--broker'])
      expect(stdout).toContain('[("thumbnails<br/>1 message")]')
    })
    const svg = await leveret(['contracts', 'picture', '--format', 'svg'])
    expect(svg).toMatchObject({ code: 0, stdout: expect.stringMatching(/^<svg[\s\S]*<\/svg>\n$/) })
    expect(await leveret(['contracts', 'picture', '--format', 'dot'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^digraph/),
    })
  })
})
