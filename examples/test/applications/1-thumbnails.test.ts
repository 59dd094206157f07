import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, eventually } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { application, type Running, start } from '../programs.js'

const thumbnails = application('1-thumbnails')

/** The service as it runs, and the ports that it serves on. */
interface Service {
  readonly running: Running
  readonly folder: string
  post(body: object): Promise<Response>
  probe(path: string): Promise<number>
  /** What the script for dead letters prints. */
  letters(...words: string[]): Promise<readonly string[]>
}

const test = base.extend<{ url: string; service: Service }>({
  url: async ({ vhost }, use) => await use(vhost.url),
  service: async ({ url }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'thumbnails-'))
    const env = { RABBITMQ_URL: url, IMAGES: folder, PORT: '0', PROBE_PORT: '0' }
    const running = start(thumbnails, 'service', env)
    await running.printed(/^serving on port/)
    const port = (of: string): string =>
      running.lines
        .find((line) => line.startsWith(of))
        ?.split(' ')
        .at(-1) ?? ''
    const api = `http://127.0.0.1:${port('serving')}/thumbnails`
    const probes = `http://127.0.0.1:${port('probes')}`
    await use({
      running,
      folder,
      post: (body) => fetch(api, { method: 'POST', body: JSON.stringify(body) }),
      probe: async (path) => (await fetch(`${probes}${path}`)).status,
      letters: async (...words) => {
        const script = start(thumbnails, 'letters', env, ...words)
        expect(await script.ended(), script.lines.join('\n')).toBe(0)
        return script.lines
      },
    })
    running.kill()
    rmSync(folder, { recursive: true })
  },
})

const fileOf = ({ folder }: Service, imageId: string): string => join(folder, `${imageId}.svg`)

describe('a work-queue service', () => {
  test('does what it was asked over HTTP, and refuses what does not fit', async ({ service }) => {
    const imageId = randomUUID()
    writeFileSync(fileOf(service, imageId), '<svg/>')
    expect((await service.post({ imageId, widthPx: 320 })).status).toBe(202)
    const file = join(service.folder, `${imageId}-320.svg`)
    await eventually(() => expect(readFileSync(file, 'utf8')).toBe('<svg width="320"/>'))

    const refused = await service.post({ imageId, widthPx: 0 })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ issues: [{ path: ['widthPx'] }] })
    expect([await service.probe('/live'), await service.probe('/ready')]).toEqual([200, 200])
  })

  test('keeps what it cannot do; a script lists it, replays it and discards it', async ({ service }) => {
    const [missing, broken] = [randomUUID(), randomUUID()]
    writeFileSync(fileOf(service, broken), 'GIF89a')
    for (const imageId of [missing, broken]) await service.post({ imageId, widthPx: 64 })

    await eventually(async () => expect((await service.letters('list'))[0]).toBe('2 letters'))
    expect(await service.letters('list')).toEqual(
      expect.arrayContaining([
        `${broken} at 64 px: rejected after 1 attempts: ${broken} is no SVG`,
        expect.stringContaining(`${missing} at 64 px: attempts-exhausted after 3 attempts: ENOENT`),
      ]),
    )

    writeFileSync(fileOf(service, missing), '<svg/>')
    expect(await service.letters('replay', '--error', 'ENOENT')).toEqual(['replayed 1, skipped 1'])
    await eventually(() => expect(readFileSync(join(service.folder, `${missing}-64.svg`), 'utf8')).toContain('64'))

    expect(await service.letters('discard', '--dry-run')).toEqual(['would discard 1, skipped 0'])
    expect(await service.letters('list')).toHaveLength(2)
    expect(await service.letters('discard')).toEqual(['discarded 1, skipped 0'])
    expect(await service.letters('list')).toEqual(['0 letters'])
  })

  test('is alive and not ready while SIGTERM waits for running work, and then ends with 0', async ({ service }) => {
    const imageId = randomUUID()
    // The handler reads a pipe, so it runs until the test writes to it.
    execFileSync('mkfifo', [fileOf(service, imageId)])
    await service.post({ imageId, widthPx: 320 })
    const pipe = await open(fileOf(service, imageId), 'w')

    const ended = service.running.terminate()
    await eventually(async () => expect(await service.probe('/ready')).toBe(503))
    expect(await service.probe('/live')).toBe(200)
    await expect(service.post({ imageId, widthPx: 320 })).rejects.toThrow('fetch failed')

    await pipe.writeFile('<svg/>')
    await pipe.close()
    expect(await ended).toBe(0)
    expect(await readFile(join(service.folder, `${imageId}-320.svg`), 'utf8')).toBe('<svg width="320"/>')
  })

  describe('whose broker is not there', () => {
    test.override({ url: 'amqp://127.0.0.1:1' })

    test('is alive and not ready, and ends with 0 when it is asked to', async ({ service }) => {
      expect([await service.probe('/live'), await service.probe('/ready')]).toEqual([200, 503])
      expect(await service.running.terminate()).toBe(0)
    })
  })
})
