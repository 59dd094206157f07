import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { MemoryOffsetStore, OffsetStoreError, OptionsError } from '../../src/index.js'
import { range, reader, write } from '../support/journal.js'
import { runProgram } from '../support/program.js'
import { eventually, gate, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

/** A store that notes what is saved. */
class NotedStore extends MemoryOffsetStore {
  readonly saved: number[] = []

  override async save(offset: number): Promise<void> {
    this.saved.push(offset)
    await super.save(offset)
  }
}

describe('the offset store', () => {
  test('lets the next reader go on where the last one closed', async ({ rabbit }) => {
    const store = new NotedStore()
    const first = reader(rabbit, { store, saveEveryMs: 3_600_000 })
    await first.subscriber.start()
    await write(rabbit, range(0, 9))
    await eventually(() => expect(first.seen).toHaveLength(10))
    // Where it began is known before anything comes; then only what is due.
    expect(store.saved).toEqual([0])
    await first.subscriber.close()
    expect(store.saved).toEqual([0, 10])
    await write(rabbit, [10])
    const second = reader(rabbit, { store })
    await second.subscriber.start()
    await eventually(() => expect(second.seen).toEqual([10]))
  })

  test('never has an offset of what is not done, whatever is done ahead of it', async ({ rabbit }) => {
    const hold = gate()
    const store = new NotedStore()
    const options = { concurrency: 4, handle: async (n: number) => (n === 5 ? hold.opened : undefined) }
    const { subscriber, seen } = reader(rabbit, { store, saveEveryMs: 0 }, options)
    await subscriber.start()
    await write(rabbit, range(0, 49))
    await eventually(() => expect(seen).toHaveLength(50))
    await eventually(() => expect(store.saved.at(-1)).toBe(5))
    hold.open()
    await eventually(() => expect(store.saved.at(-1)).toBe(50))
    expect(store.saved).toEqual([...store.saved].sort((a, b) => a - b))
  })

  test('knows where a reader of what comes next began, before anything has come', async ({ rabbit }) => {
    await reader(rabbit).subscriber.start()
    await write(rabbit, range(0, 4))
    const store = new NotedStore()
    const first = reader(rabbit, { store, offset: 'next' })
    await first.subscriber.start()
    expect(store.saved).toEqual([5])
    await first.subscriber.close()
    await write(rabbit, [5])
    const second = reader(rabbit, { store, offset: 'next' })
    await second.subscriber.start()
    await eventually(() => expect(second.seen).toEqual([5]))
  })

  test('that fails to save is reported, stops nothing, and is asked again', async ({ rabbit }) => {
    const store = new NotedStore()
    const save = store.save.bind(store)
    let failures = 0
    store.save = async (offset) => {
      if (offset > 0 && failures < 2) {
        failures += 1
        throw new Error('disk full')
      }
      await save(offset)
    }
    const { subscriber, seen, told } = reader(rabbit, { store, saveEveryMs: 0 })
    await subscriber.start()
    await write(rabbit, range(0, 9))
    await eventually(() => expect(seen).toHaveLength(10))
    await eventually(() => expect(store.saved.at(-1)).toBe(10))
    expect(told).toHaveLength(2)
    for (const [name, event] of told) {
      expect(name).toBe('offset.not-saved')
      expect(event).toMatchObject({
        error: { name: 'OffsetStoreError', operation: 'save', cause: { message: 'disk full' } },
      })
    }
  })

  test('that fails to save the last offset is asked again while there is time to close', async ({ rabbit }) => {
    const store = new NotedStore()
    const save = store.save.bind(store)
    const { subscriber, seen, told } = reader(rabbit, { store, saveEveryMs: 3_600_000 })
    await subscriber.start()
    await write(rabbit, range(0, 9))
    await eventually(() => expect(seen).toHaveLength(10))
    let failures = 0
    store.save = async (offset) => {
      failures += 1
      if (failures < 3) throw new Error('the database restarts')
      await save(offset)
    }
    await subscriber.close()
    expect(store.saved).toEqual([0, 10])
    expect(told.map(([name]) => name)).toEqual(['offset.not-saved', 'offset.not-saved'])
  })

  test('that never saves the last offset lets the reader close in its time', async ({ rabbit }) => {
    const store = new NotedStore()
    const { subscriber, seen, told } = reader(rabbit, { store, saveEveryMs: 3_600_000 })
    await subscriber.start()
    await write(rabbit, range(0, 9))
    await eventually(() => expect(seen).toHaveLength(10))
    store.save = () => Promise.reject(new Error('disk full'))
    await subscriber.close({ timeoutMs: 1_500 })
    expect(told.at(-1)).toMatchObject(['offset.not-saved', { offset: 10 }])
  })

  test('that fails to load is asked again until the start has taken too long', async ({ rabbit, connectTo }) => {
    const store = new NotedStore()
    let asked = 0
    store.load = async () => {
      asked += 1
      if (asked === 1) throw new Error('not yet')
      return 3
    }
    const { subscriber, seen } = reader(rabbit, { store })
    await write(rabbit, range(0, 4))
    await reader(rabbit).subscriber.start()
    await write(rabbit, range(0, 4))
    await subscriber.start()
    await eventually(() => expect(seen).toEqual([3, 4]))
    store.load = () => Promise.reject(new Error('no such table'))
    const impatient = await connectTo({ startupTimeoutMs: 1_500 })
    const starting = reader(impatient, { store }).subscriber.start()
    await expect(starting).rejects.toBeInstanceOf(OffsetStoreError)
    await expect(starting).rejects.toThrow("The offset store of the stream 'lines' failed to load: no such table")
  })

  test.for(['12', null, -1, Number.NaN, 1.5, 2 ** 53])(
    'that returns %s is one clear error',
    async (stored, { rabbit }) => {
      const store = { load: async () => stored as number, save: async () => undefined }
      const starting = reader(rabbit, { store }).subscriber.start()
      await expect(starting).rejects.toBeInstanceOf(OptionsError)
      await expect(starting).rejects.toThrow('that is not an offset: expected undefined or a whole number from 0')
    },
  )

  test('has a reader that is killed go on where it was: no gap, and what is repeated is what was not saved', async ({
    rabbit,
    vhost,
  }) => {
    await reader(rabbit).subscriber.start()
    await write(rabbit, range(0, 299))
    const folder = mkdtempSync(join(tmpdir(), 'offsets-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'lines')
    const runs: number[][] = []
    for (const dies of [120, 240, 299]) {
      const { lines } = await runProgram(vhost.url, programOf(file, dies))
      runs.push(lines.map(Number))
    }
    const [first = [], second = [], third = []] = runs
    expect(first).toEqual(range(0, 120))
    // What was saved before it was killed had been done.
    expect(second).toEqual(range(second[0] ?? -1, 240))
    expect(second[0]).toBeGreaterThan(0)
    expect(second[0]).toBeLessThanOrEqual(120)
    expect(third).toEqual(range(third[0] ?? -1, 299))
    expect(third[0]).toBeGreaterThan(second[0] ?? Number.POSITIVE_INFINITY)
    expect(third[0]).toBeLessThanOrEqual(240)
    expect(Number(readFileSync(file, 'utf8'))).toBeGreaterThanOrEqual(third[0] ?? 0)
  })
})

/** Reads the stream with its offsets in a file, and ends itself in the midst of one. */
function programOf(file: string, dies: number): string {
  return `
    import { readFile, writeFile, rename } from 'node:fs/promises'
    const file = ${JSON.stringify(file)}
    const store = {
      load: async () => await readFile(file, 'utf8').then(Number, () => undefined),
      save: async (offset) => {
        await writeFile(file + '.new', String(offset))
        await rename(file + '.new', file)
      },
    }
    const journal = topicExchange('journal', { 'line.#': z.object({ n: z.int() }), 'note.#': z.string() })
    const handler = async ({ payload: { n } }) => {
      console.log(n)
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (n === ${dies}) process.kill(process.pid, 'SIGKILL')
    }
    const rabbit = await connect(url)
    const lines = stream('lines', { of: journal, bindingKeys: ['line.#'] })
    await new Subscriber(rabbit, lines, handler, { offset: 'first', store, saveEveryMs: 5 }).start()`
}
