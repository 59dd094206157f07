import { eventually } from '@leveret/testing/vitest'
import { connect, DeadLetters, Producer, Publisher, Reject, Subscriber, Worker } from 'leveret'
import { describe, expect, onTestFinished } from 'vitest'
import { logFile, logLines, thumbnails } from './fixtures/shop/leveret.config.js'
import { folderWith, test } from './program.js'

const imageId = '9d5a4a3e-61e3-4e16-9a4b-6f3a5e4c1f00'

/** Has a worker give up tasks of these widths, each with an error that names its width. */
async function deadLettersOf(url: string, widths: readonly number[]): Promise<void> {
  const rabbit = await connect(url)
  onTestFinished(async () => await rabbit.close())
  const producer = new Producer(rabbit, { ...thumbnails, retry: false })
  for (const widthPx of widths) await producer.send({ imageId, widthPx })
  const worker = new Worker(rabbit, { ...thumbnails, retry: false }, ({ widthPx }) =>
    Promise.reject(new Error(`no room for ${widthPx}`)),
  )
  await worker.start()
  const letters = new DeadLetters(rabbit, thumbnails)
  await eventually(async () => expect(await letters.count()).toBe(widths.length))
  await worker.close()
}

/** Puts what fits no contract where dead letters are. */
async function poison(url: string): Promise<void> {
  const rabbit = await connect(url)
  onTestFinished(async () => await rabbit.close())
  const loose = { ...thumbnails, retry: false } as const
  await new Producer(rabbit, thumbnails).send({ imageId, widthPx: 1 })
  const worker = new Worker(rabbit, loose, () => Promise.reject(new Error('never mind')))
  await worker.start()
  const letters = new DeadLetters(rabbit, thumbnails)
  await eventually(async () => expect(await letters.count()).toBe(1))
  await letters.discard({ filter: () => true })
  await worker.close()
}

describe('letters', () => {
  test('counts, and shows each with its reason and its error', async ({ leveret, vhost }) => {
    await deadLettersOf(vhost.url, [1, 2])
    expect(await leveret(['letters', 'count', 'thumbnails'])).toMatchObject({ code: 0, stdout: '2\n' })
    const { stdout, code } = await leveret(['letters', 'show', 'thumbnails'])
    expect(code).toBe(0)
    expect(stdout).toContain('error    Error: no room for 1')
    expect(stdout).toContain('payload  {"imageId":"9d5a4a3e-61e3-4e16-9a4b-6f3a5e4c1f00","widthPx":2}')
    const json = JSON.parse((await leveret(['letters', 'show', 'thumbnails', '--json'])).stdout)
    expect(json).toMatchObject([
      { reason: 'attempts-exhausted', attempts: 1, problems: [] },
      { reason: 'attempts-exhausted' },
    ])
  })

  test('shows of a poison message where it does not fit, what was expected, and what was found', async ({
    broker,
    leveret,
    vhost,
  }) => {
    await poison(vhost.url)
    const payload = JSON.stringify({ imageId, widthPx: 'wide' })
    await broker.management.publish(vhost.name, { routingKey: 'thumbnails.dead-letter', payload })
    const { stdout } = await leveret(['letters', 'show', 'thumbnails'])
    expect(stdout).toMatch(/at +widthPx: .*expected number, received string; found "wide"/)
  })

  test('needs no contract: the names say which queue is which', async ({ leveret, vhost }) => {
    await deadLettersOf(vhost.url, [1])
    const folder = '/'
    expect(await leveret(['letters', 'count', 'thumbnails.dead-letter'], { folder })).toMatchObject({ stdout: '1\n' })
    expect(await leveret(['letters', 'replay', 'thumbnails', '--yes'], { folder })).toMatchObject({
      stdout: 'replayed 1, skipped 0\n',
    })
    await eventually(async () => expect(await vhost.queue('thumbnails')).toMatchObject({ messages: 1 }))
  })

  test('replays those that match, and leaves the others', async ({ leveret, vhost }) => {
    await deadLettersOf(vhost.url, [1, 2, 3, 4])
    const where = ['--where', 'payload.widthPx >= 2', '--error', 'no room for', '--since', '1h', '--yes']
    expect(
      await leveret(['letters', 'replay', 'thumbnails', '--where', 'payload.widthPx > 3', '--dry-run', '--json']),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"replayed": 1'),
    })
    expect(await leveret(['letters', 'replay', 'thumbnails', ...where])).toMatchObject({
      code: 0,
      stdout: 'replayed 3, skipped 1\n',
    })
    expect(await leveret(['letters', 'replay', 'thumbnails', '--reason', 'expired', '--yes'])).toMatchObject({
      stdout: 'replayed 0, skipped 1\n',
    })
  })

  test('asks before it replays several: without a terminal it wants --yes, and touches none', async ({
    leveret,
    vhost,
  }) => {
    await deadLettersOf(vhost.url, [1, 2])
    const { code, stderr } = await leveret(['letters', 'replay', 'thumbnails'])
    expect(code).toBe(2)
    expect(stderr).toContain("2 of 2 letters in 'thumbnails.dead-letter'")
    expect(stderr).toContain('--yes')
    expect(await leveret(['letters', 'count', 'thumbnails'])).toMatchObject({ stdout: '2\n' })
  })

  test('asks a person with the count and the place, and does what the answer is', async ({ leveret, vhost }) => {
    await deadLettersOf(vhost.url, [1, 2])
    const no = await leveret(['letters', 'replay', 'thumbnails'], { typed: 'n\n' })
    expect(no).toMatchObject({ code: 1, stdout: '' })
    expect(no.stderr).toContain(`Replay 2 of 2 letters in 'thumbnails.dead-letter' of guest@`)
    const wrong = await leveret(['letters', 'discard', 'thumbnails'], { typed: 'thumbnails\n' })
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(await leveret(['letters', 'count', 'thumbnails'])).toMatchObject({ stdout: '2\n' })
    expect(await leveret(['letters', 'replay', 'thumbnails'], { typed: 'y\n' })).toMatchObject({
      code: 0,
      stdout: 'replayed 2, skipped 0\n',
    })
  })

  test('discards only when the name of the queue is given', async ({ leveret, vhost }) => {
    await deadLettersOf(vhost.url, [1, 2])
    expect(await leveret(['letters', 'discard', 'thumbnails'])).toMatchObject({ code: 2 })
    expect(await leveret(['letters', 'discard', 'thumbnails', '--yes=thumbnails'])).toMatchObject({ code: 2 })
    expect(await leveret(['letters', 'discard', 'thumbnails', '--dry-run'])).toMatchObject({
      code: 0,
      stdout: 'would have discarded 2, skipped 0\n',
    })
    expect(await leveret(['letters', 'discard', 'thumbnails', '--yes=thumbnails.dead-letter'])).toMatchObject({
      code: 0,
      stdout: 'discarded 2, skipped 0\n',
    })
    expect(await leveret(['letters', 'count', 'thumbnails'])).toMatchObject({ stdout: '0\n' })
  })

  test('moves letters to a queue that exists, and refuses one that does not', async ({ broker, leveret, vhost }) => {
    await deadLettersOf(vhost.url, [1, 2])
    expect(await leveret(['letters', 'move', 'thumbnails', '--to', 'parked', '--yes'])).toMatchObject({ code: 1 })
    await broker.management.declareQueue(vhost.name, 'parked')
    expect(await leveret(['letters', 'move', 'thumbnails', '--to', 'parked', '--limit', '1'])).toMatchObject({
      code: 0,
      stdout: 'moved 1, skipped 0\n',
    })
    expect(await leveret(['letters', 'count', 'thumbnails'])).toMatchObject({ stdout: '1\n' })
  })

  test('exports one a line, and leaves them there', async ({ leveret, vhost }) => {
    await deadLettersOf(vhost.url, [1, 2, 3])
    const { stdout, code } = await leveret(['letters', 'export', 'thumbnails', '--where', 'payload.widthPx != 2'])
    expect(code).toBe(0)
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).payload.widthPx),
    ).toEqual([1, 3])
    expect(await leveret(['letters', 'count', 'thumbnails'])).toMatchObject({ stdout: '3\n' })
  })

  test('stops between two letters at Ctrl-C, says how far it came, and goes on the next time', async ({
    leveret,
    vhost,
  }) => {
    await deadLettersOf(
      vhost.url,
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
    const interruption = new AbortController()
    const running = leveret(['letters', 'replay', 'thumbnails', '--yes', '--rate', '20', '--json'], {
      signal: interruption.signal,
    })
    await eventually(async () => expect((await vhost.queue('thumbnails')).messages).toBeGreaterThan(0))
    interruption.abort()
    const { code, stdout } = await running
    const { replayed, interrupted } = JSON.parse(stdout)
    expect({ code, interrupted }).toEqual({ code: 130, interrupted: true })
    expect(replayed).toBeLessThan(40)
    expect(await leveret(['letters', 'replay', 'thumbnails', '--yes'])).toMatchObject({
      code: 0,
      stdout: `replayed ${40 - replayed}, skipped 0\n`,
    })
    await eventually(async () => expect(await vhost.queue('thumbnails')).toMatchObject({ messages: 40 }))
  })

  test("shows a subscription's letters with their template, and replays them to its queue alone", async ({
    leveret,
    vhost,
  }) => {
    const rabbit = await connect(vhost.url)
    onTestFinished(async () => await rabbit.close())
    const subscriber = new Subscriber(rabbit, logFile, () => {
      throw new Reject('the disk is full')
    })
    await subscriber.start()
    const letters = new DeadLetters(rabbit, logFile)
    await new Publisher(rabbit, logLines).publish('api.info', {
      service: 'api',
      text: 'up',
      at: '2026-01-01T00:00:00Z',
    })
    await eventually(async () => expect(await letters.count()).toBe(1))
    await subscriber.close()

    const { stdout } = await leveret(['letters', 'show', 'log-file', '--json'])
    expect(JSON.parse(stdout)).toMatchObject([
      { reason: 'rejected', template: '*.info', exchange: 'log_lines', routingKey: 'api.info', problems: [] },
    ])
    expect(await leveret(['letters', 'replay', 'log-file'])).toMatchObject({
      code: 0,
      stdout: 'replayed 1, skipped 0\n',
    })
    await eventually(async () => expect(await vhost.queue('log-file')).toMatchObject({ messages: 1 }))
  })

  test('wants to know whose letters are meant where contracts share their dead-letter queue', async ({ leveret }) => {
    const folder = await folderWith(`
      import { application, workQueue } from 'leveret'
      import { z } from 'zod'
      const options = { payload: z.unknown(), deadLetter: { queue: 'graveyard' } }
      const works = [workQueue('one', options), workQueue('two', options)]
      export const service = application({ name: 'service', version: '1', works })
    `)
    await leveret(['topology', 'apply'], { folder })
    expect(await leveret(['letters', 'replay', 'graveyard', '--yes'], { folder })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('say --of one or --of two'),
    })
    expect(await leveret(['letters', 'replay', 'graveyard', '--of', 'two', '--yes'], { folder })).toMatchObject({
      code: 0,
    })
  })
})
