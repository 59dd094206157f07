import { describe, expect, expectTypeOf } from 'vitest'
import { DeadLetters, type LetterProgress, Producer, Worker } from '../../src/index.js'
import { giveUp, idsOf } from '../support/letters.js'
import { eventually, tasks, test } from '../support/support.js'

describe('discard', () => {
  test('removes the letters that its filter chooses, up to a limit, and reports', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 6)
    const letters = new DeadLetters(rabbit, tasks)
    const progress: LetterProgress[] = []
    const result = await letters.discard({
      filter: async (letter) => {
        expectTypeOf(await letter.payload()).toEqualTypeOf<{ n: number }>()
        return (await letter.payload()).n % 2 === 0
      },
      limit: 2,
      onProgress: (told) => progress.push(told),
    })
    expect(result).toEqual({ discarded: 2, skipped: 1 })
    expect(progress.at(-1)).toMatchObject({ done: 2, skipped: 1 })
    expect((await idsOf(rabbit)).sort()).toEqual([ids[1], ...ids.slice(3)].sort())
  })

  test('that is a dry run says how many, and leaves all in their order', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 5)
    const letters = new DeadLetters(rabbit, tasks)
    const filter = async (letter: { payload(): Promise<{ n: number }> }): Promise<boolean> =>
      (await letter.payload()).n > 1
    expect(await letters.discard({ filter, dryRun: true })).toEqual({ discarded: 3, skipped: 2 })
    expect(await letters.count()).toBe(5)
    expect(await idsOf(rabbit)).toEqual(ids)
    expect(await letters.discard({ filter })).toEqual({ discarded: 3, skipped: 2 })
    expect(await idsOf(rabbit)).toEqual(ids.slice(0, 2))
  })

  test('without a filter is refused, and removes nothing', async ({ rabbit }) => {
    const letters = new DeadLetters(rabbit, tasks)
    const call = letters.discard as (options?: unknown) => Promise<unknown>
    for (const options of [undefined, {}, { filter: 'all' }, { filter: undefined }]) {
      await expect(call.call(letters, options)).rejects.toMatchObject({ name: 'OptionsError' })
    }
  })
})

test('a dry run of a replay sends nothing back to work, waits for no rate, and ends early as a replay does', async ({
  rabbit,
}) => {
  const ids = await giveUp(rabbit, 4)
  const letters = new DeadLetters(rabbit, tasks)
  expect(await letters.replay({ dryRun: true, limit: 3, ratePerSecond: 0.001 })).toEqual({ replayed: 3, skipped: 0 })
  expect((await idsOf(rabbit)).sort()).toEqual(ids.toSorted())
  const handled: number[] = []
  await new Worker(rabbit, tasks, ({ n }) => void handled.push(n)).start()
  await new Producer(rabbit, tasks).send({ n: 99 })
  await eventually(() => expect(handled).toEqual([99]))
  expect(await letters.replay()).toEqual({ replayed: 4, skipped: 0 })
  await eventually(() => expect(handled).toHaveLength(5))
})
